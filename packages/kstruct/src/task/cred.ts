import { implausible } from '../kernel/implausible';
import { KernelStruct } from '../kernel/kernel-struct';
import { type Layout, layoutOf, missingKey } from '../kernel/layout';
import type { StructView } from '../kernel/struct-view';

/**
 * Whom a task acts as; ids are unsigned, as the initial user namespace numbers them. Corresponds to `cred`.
 *
 * @example
 * ```ts
 * declare const task: Task;
 * const { uid, euid } = task.realCred;
 * [uid, euid] // => [0, 0]
 * ```
 */
export class Cred extends KernelStruct {
  /** Real user id. Corresponds to `cred.uid`. */
  get uid(): number {
    return this.view.u32(layoutOf(this.kernel.info).cred.uid_offset ?? missingKey('cred.uid_offset'));
  }

  /** Real group id. Corresponds to `cred.gid`. */
  get gid(): number {
    return this.view.u32(layoutOf(this.kernel.info).cred.gid_offset ?? missingKey('cred.gid_offset'));
  }

  /** Effective user id. Corresponds to `cred.euid`. */
  get euid(): number {
    return this.view.u32(layoutOf(this.kernel.info).cred.euid_offset ?? missingKey('cred.euid_offset'));
  }

  /** Effective group id. Corresponds to `cred.egid`. */
  get egid(): number {
    return this.view.u32(layoutOf(this.kernel.info).cred.egid_offset ?? missingKey('cred.egid_offset'));
  }

  /** Checks the structure. @throws OsiError `STRUCT_IMPLAUSIBLE` for credentials that nobody holds. */
  validate(): void {
    if (isCredHeld(this.view, layoutOf(this.kernel.info))) return;
    const { address } = this;
    const received = this.s32('cred.usage_offset');
    throw implausible({
      struct: 'cred',
      address,
      member: 'usage',
      received,
      expected: `1 to ${MOST_HOLDERS}`,
    });
  }
}

/** Tasks and open files hold credentials: no system has more of these. A text has more in the place of a count. */
const MOST_HOLDERS = 1 << 26;

/** Whether credentials are held by someone, as all that a task acts by are; so too where the profile lacks the count. */
export function isCredHeld(view: StructView, { cred }: Layout): boolean {
  if (cred.usage_offset === undefined) return true;
  const usage = view.s32(cred.usage_offset);
  return usage > 0 && usage <= MOST_HOLDERS;
}
