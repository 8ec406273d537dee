import { type Listing, OsiError } from '@osi-linux/core';
import type { Dump } from '@osi-linux/memory';

import { type LinuxLogRecord, OsiLinux } from '@osi-linux/osi-linux';
import { deriveKernelInfo, type TypeSource, type Vmcoreinfo } from '@osi-linux/symbols';
import { searchKernel } from './layout/placed-dump';
import { MAKE_SECTION } from './profile/refusal';

/**
 * Reads the kernel log of a dump without any profile: VMCOREINFO has the address and the layout of its ring
 * buffer (Linux `log_buf_vmcoreinfo_setup`, kernel/printk/printk.c), in kernels without BTF as well; that of 3.5 to 5.9 and the
 * ring of characters before are found by it too.
 *
 * @throws OsiError `PROFILE_NOT_DERIVABLE` where there is no kernel with VMCOREINFO.
 *
 * @example
 * ```ts
 * declare const dump: Dump; // the pages that listings touch: VMCOREINFO is not among them
 * readLogByVmcoreinfo(dump) // throws PROFILE_NOT_DERIVABLE
 * ```
 */
export function readLogByVmcoreinfo(dump: Dump): Listing<LinuxLogRecord> {
  const { kernel, vmcoreinfo } = searchKernel(dump);
  if (kernel === undefined || vmcoreinfo === undefined) {
    throw new OsiError(
      'PROFILE_NOT_DERIVABLE',
      'the kernel log cannot be found: the dump has no VMCOREINFO',
      {
        hint: MAKE_SECTION,
      },
    );
  }
  const { location } = kernel;
  const memory = location.tables;
  const lookup = (names: readonly string[]) => symbolsIn(vmcoreinfo, names);
  const { info } = deriveKernelInfo({
    types: typesInNote(vmcoreinfo),
    symbols: { lookup },
    memory,
    location,
  });
  return new OsiLinux({ kernel: { memory, info }, cpus: dump.cpus }).getLog();
}

function symbolsIn(note: Vmcoreinfo, names: readonly string[]): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const name of names) {
    const address = note.address(`SYMBOL(${name})`);
    if (address !== undefined) found.set(name, address);
  }
  return found;
}

/**
 * The structures of the log that a note describes. Sizes and offsets are decimal (`VMCOREINFO_STRUCT_SIZE`,
 * `VMCOREINFO_OFFSET`, Linux include/linux/vmcore_info.h).
 */
export function typesInNote(note: Vmcoreinfo): TypeSource {
  const count = (key: string): number | undefined => {
    const value = note.signed(key);
    return value === undefined || value < 0n || value > MOST ? undefined : Number(value);
  };
  return {
    sizeOf: (name) => count(`SIZE(${name})`) ?? count(`SIZE(${oldName(name)})`),
    member: (path) => {
      const offset = count(`OFFSET(${path})`) ?? count(`OFFSET(${oldName(path)})`);
      return offset === undefined ? undefined : { offset, size: undefined, elements: undefined };
    },
    enumerator: () => undefined,
  };
}

/** Before Linux commit 62e32ac3505a ("printk: rename struct log to struct printk_log") (in v3.11). */
function oldName(name: string): string {
  return name.replace(/^printk_log\b/, 'log');
}

/** No structure of the log is larger. */
const MOST = 65536n;
