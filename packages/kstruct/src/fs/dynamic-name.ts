import { OsiError } from '@osi-linux/core';
import { requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { readKernelString } from '../kernel/kernel-string';
import { StructView } from '../kernel/struct-view';
import type { Dentry } from './dentry';
import type { Inode } from './inode';
import type { PathText } from './path-text';

/**
 * File systems whose nameless files `simple_dname` names, as d_alloc_pseudo in fs/dcache.c gives it to them.
 */
const SIMPLE: ReadonlySet<string> = new Set([
  'tmpfs',
  'ramfs',
  'hugetlbfs',
  'aio',
  'secretmem',
  'guest_memfd',
]);

/**
 * The text of a file that has no path: a pipe, a socket, a namespace, memory. Corresponds to
 * `dentry_operations.d_dname`.
 *
 * The type of the file system selects the function: each type has its own.
 *
 * @throws OsiError `DYNAMIC_NAME_UNKNOWN` for a type that is not known here.
 */
export function readDynamicName(kernel: Kernel, dentry: Dentry): PathText {
  const type = dentry.superBlock.type;
  if (SIMPLE.has(type)) return { text: `/${dentry.name} (deleted)`, deleted: true };
  return { text: textOf(kernel, type, dentry), deleted: false };
}

function textOf(kernel: Kernel, type: string, dentry: Dentry): string {
  switch (type) {
    case 'pipefs':
      return `pipe:[${dentry.inode.ino}]`;
    case 'sockfs':
      return `socket:[${dentry.inode.ino}]`;
    case 'anon_inodefs':
      return `anon_inode:${dentry.name}`;
    case 'nsfs':
      return `${readNamespaceKind(kernel, dentry.inode)}:[${dentry.inode.ino}]`;
    case 'pidfs':
      // Linux commit cb12fd8e0dab ("pidfd: add pidfs") (in v6.9); fs/pidfs.c keeps the name that lsof knows.
      return 'anon_inode:[pidfd]';
    case 'dmabuf':
      return `/${dentry.name}:${readSharedBufferName(kernel, dentry)}`;
    default:
      throw new OsiError(
        'DYNAMIC_NAME_UNKNOWN',
        `files of the type ${type} have names that the file system makes itself`,
        {
          hint: 'this file system is not supported',
          fields: { type, dentry: dentry.address },
        },
      );
  }
}

/** Source: `dmabuffs_dname` in drivers/dma-buf/dma-buf.c. */
function readSharedBufferName(kernel: Kernel, dentry: Dentry): string {
  const { info, memory } = kernel;
  const buffer = requirePointer(kernel, dentry.fsData, {
    struct: 'dentry',
    address: dentry.address,
    member: 'd_fsdata',
  });
  const name = new StructView(memory, buffer).word(requireKey(info, 'dma_buf.name_offset'));
  if (name === 0n) return '';
  return readKernelString(kernel, name, { struct: 'dma_buf', address: buffer, member: 'name' });
}

/** Source: `ns_dname` in fs/nsfs.c. */
function readNamespaceKind(kernel: Kernel, inode: Inode): string {
  const { info, memory } = kernel;
  const namespace = requirePointer(kernel, inode.privateData, {
    struct: 'inode',
    address: inode.address,
    member: 'i_private',
  });
  const operations = requirePointer(
    kernel,
    new StructView(memory, namespace).word(requireKey(info, 'ns_common.ops_offset')),
    { struct: 'ns_common', address: namespace, member: 'ops' },
  );
  const name = new StructView(memory, operations).word(requireKey(info, 'proc_ns_operations.name_offset'));
  return readKernelString(kernel, name, {
    struct: 'proc_ns_operations',
    address: operations,
    member: 'name',
  });
}
