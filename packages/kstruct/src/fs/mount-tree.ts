import {
  formatAddress,
  OsiError,
  offsetAddress,
  type SkippedLog,
  type VirtualAddress,
} from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { eachListEntry } from '../lib/list-head';
import { Mount } from './mount';

/** The usual sysctl fs.mount-max, which bounds the mounts of a namespace. */
const MOUNT_LIMIT = 100_000;

/**
 * Yields every mount of the tree that a mount is in, each before those that lie on it: the mounts of a namespace.
 *
 * Climbs to the topmost mount, then follows `mnt_mounts`. A mount that does not name the one it was found on as its
 * parent is left out and reported to `skipped`. Corresponds to `next_mnt`, fs/namespace.c.
 *
 * @throws OsiError where the way to the topmost mount cannot be read.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const [top] = eachMount(kernel, findReaderRoot(kernel).mnt, new SkippedLog());
 * top?.parent === top?.address // => true
 * ```
 */
export function* eachMount(kernel: Kernel, vfsmount: VirtualAddress, skipped: SkippedLog): Generator<Mount> {
  const top = findTop(kernel, vfsmount);
  const seen = new Set([top.address]);
  const waiting = [top];
  for (let mount = waiting.pop(); mount !== undefined; mount = waiting.pop()) {
    yield mount;
    for (const child of eachChild(kernel, mount, skipped)) {
      if (seen.has(child.address)) continue;
      if (seen.size >= MOUNT_LIMIT) {
        skipped.add({ kind: 'list', name: 'mounts' }, endless(top.address));
        return;
      }
      seen.add(child.address);
      waiting.push(child);
    }
  }
}

function findTop(kernel: Kernel, vfsmount: VirtualAddress): Mount {
  let mount = requireMount(kernel, vfsmount);
  for (let steps = 0; mount.parent !== mount.address; steps += 1) {
    if (steps > MOUNT_LIMIT) throw endless(vfsmount);
    mount = requireMount(kernel, mount.parent);
  }
  return mount;
}

function requireMount(kernel: Kernel, address: VirtualAddress): Mount {
  const mount = new Mount(kernel, address);
  mount.validate();
  return mount;
}

function* eachChild(kernel: Kernel, parent: Mount, skipped: SkippedLog): Generator<Mount> {
  const { info } = kernel;
  const offset = requireKey(info, 'mount.mnt_child_offset');
  const head = offsetAddress(parent.address, requireKey(info, 'mount.mnt_mounts_offset'));
  const holder = { struct: 'mount', address: parent.address };
  for (const node of eachListEntry(kernel, { head, name: 'mnt_mounts', holder }, skipped)) {
    const address = offsetAddress(node, -offset);
    const child = skipped.attempt(
      () => ({ kind: 'mount', address }),
      () => requireChild(kernel, address, parent),
    );
    if (child !== null) yield child;
  }
}

function requireChild(kernel: Kernel, address: VirtualAddress, parent: Mount): Mount {
  const child = requireMount(kernel, address);
  if (child.parent === parent.address) return child;
  throw implausible({
    struct: 'mount',
    address,
    member: 'mnt_parent',
    received: child.parent,
    expected: `the mount ${formatAddress(parent.address)} that it was found on`,
  });
}

function endless(top: VirtualAddress): OsiError {
  return new OsiError(
    'MOUNTS_TOO_MANY',
    `the tree of mount ${formatAddress(top)} has more than ${MOUNT_LIMIT} mounts`,
    {
      hint: 'the dump is damaged, or the profile is of another kernel',
      fields: { top, limit: MOUNT_LIMIT },
    },
  );
}
