import type { KeyFile } from '@osi-linux/kconf';
import type { ProfileNames } from './names';

/** Where a profile may come from. */
export interface ProfileSource extends ProfileNames {
  /** The read `kernelinfo.conf`; `undefined` where there is none. */
  readonly keyFile?: KeyFile | undefined;
  /** The places in which the file was looked for, told where there is none. */
  readonly places?: readonly string[] | undefined;
}
