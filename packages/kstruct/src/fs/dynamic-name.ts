import { OsiError, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
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
    case 'proc':
      return `${readProcNamespaceKind(kernel, dentry.inode)}:[${dentry.inode.ino}]`;
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
  const pointer = new StructView(memory, namespace).word(requireKey(info, 'ns_common.ops_offset'));
  return readOperationsName(kernel, pointer, { struct: 'ns_common', address: namespace, member: 'ops' });
}

/** The files of a kernel without nsfs that have a name of their own in proc. */
const PROC_KINDS: ReadonlySet<string> = new Set(['ipc', 'mnt', 'net', 'pid', 'user', 'uts']);

/**
 * The kind of a namespace that is a file of proc, as in kernels without nsfs that name such files: `proc_inode.ns.ns_ops`,
 * the last word before the inode that a `proc_inode` ends with. Source: `ns_dname` in fs/proc/namespaces.c, and
 * `struct proc_inode` in fs/proc/internal.h, of Linux 3.10.
 */
function readProcNamespaceKind(kernel: Kernel, { address }: Inode): string {
  const { memory } = kernel;
  const holder = { struct: 'proc_inode', address, member: 'ns.ns_ops' };
  const before = offsetAddress(address, -memory.architecture.wordSize);
  const operations = new StructView(memory, before).word(0);
  const kind = readOperationsName(kernel, operations, holder);
  if (PROC_KINDS.has(kind)) return kind;
  throw implausible({ ...holder, received: operations, expected: 'the operations of a kind of namespaces' });
}

/** The name of a kind of namespaces: `uts`. */
function readOperationsName(
  kernel: Kernel,
  pointer: VirtualAddress,
  holder: { readonly struct: string; readonly address: VirtualAddress; readonly member: string },
): string {
  const { info, memory } = kernel;
  const address = requirePointer(kernel, pointer, holder);
  const name = new StructView(memory, address).word(requireKey(info, 'proc_ns_operations.name_offset'));
  return readKernelString(kernel, name, { struct: 'proc_ns_operations', address, member: 'name' });
}
