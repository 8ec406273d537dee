import { formatAddress, OsiError } from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import type { Dentry } from './dentry';
import { readDynamicName } from './dynamic-name';

/**
 * The path of an entry inside its own file system, without regard to mounts: `/proc/PID/mountinfo` shows it
 * as the root of a mount. An entry that was deleted ends in `//deleted`; of nsfs it is the namespace,
 * `net:[4026531840]`.
 *
 * Corresponds to `dentry_path`, fs/d_path.c, and to `nsfs_show_path`, fs/nsfs.c.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE`, `PATH_ENDLESS`, or the fault of a page.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * readDentryPath(kernel, new Dentry(kernel, mm.exeFile.path.dentry)) // => '/bin/busybox'
 * ```
 */
export function readDentryPath(kernel: Kernel, entry: Dentry): string {
  const superBlock = entry.superBlock;
  const names: string[] = [];
  const seen = new Set([entry.address]);
  let dentry = entry;
  dentry.validate(superBlock.address);
  if (!entry.inode.isDirectory && entry.hasDynamicName && superBlock.type === 'nsfs')
    return readDynamicName(kernel, entry).text;
  while (!dentry.isRoot) {
    names.push(dentry.component);
    dentry = dentry.parent;
    if (seen.has(dentry.address)) throw endless(entry);
    seen.add(dentry.address);
    dentry.validate(superBlock.address, true);
  }
  return `/${names.reverse().join('/')}${entry.isDeleted ? '//deleted' : ''}`;
}

function endless({ address }: Dentry): OsiError {
  return new OsiError('PATH_ENDLESS', `the path of dentry ${formatAddress(address)} is a cycle`, {
    hint: 'directories contain each other: the dump is damaged there',
    fields: { dentry: address },
  });
}
