import { formatAddress, OsiError, type PhysicalAddress } from '@osi-linux/core';
import type { PagingForm } from '../paging-form';

const PHYSICAL_END = 2 ** 52;

/** @throws OsiError `PAGE_ROOT_INVALID` where `root` is no physical address that this form's CR3 can hold. */
export function checkRoot(form: PagingForm, root: PhysicalAddress): void {
  // In integers: on doubles, % is a call out of the compiled code.
  if (
    root >= 0 &&
    root < PHYSICAL_END &&
    Math.floor(root) === root &&
    (root & (form.rootAlignment - 1)) === 0
  )
    return;
  const expected = `a multiple of ${form.rootAlignment} below 2^52`;
  throw new OsiError('PAGE_ROOT_INVALID', `page-table root ${formatAddress(root)}, expected ${expected}`, {
    hint: 'mask the PCID bits of a CR3 value, or check the source of the root',
    fields: { root, form: form.name },
  });
}
