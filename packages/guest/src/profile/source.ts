import type { KeyFile } from '@osi-linux/kconf';
import type { ProfileNames } from './names';

/** Where a profile may come from. */
export interface ProfileSource extends ProfileNames {
  /** The read `kernelinfo.conf`; `undefined` if there is no file. */
  readonly keyFile?: KeyFile | undefined;
  /** The places that were searched for the file, given if there is no file. */
  readonly places?: readonly string[] | undefined;
}
