import { FakeFileTree } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OpenFile } from './open-file';

/** A file on overlayfs whose f_inode is one of ext4 below it, as before v4.19. */
function createOverlay({ type = 'overlay', modern = false } = {}) {
  const tree = new FakeFileTree();
  const { memory } = tree;
  const overlay = tree.superBlock(type);
  const ext4 = tree.superBlock('ext4');
  const root = tree.entry({ name: '/', superBlock: overlay, directory: true });
  const seen = tree.entry({ name: 'file', parent: root, superBlock: overlay });
  const lowerRoot = tree.entry({ name: '/', superBlock: ext4, directory: true });
  const lower = tree.entry({ name: 'file', parent: lowerRoot, superBlock: ext4 });
  const inodeOf = (dentry: bigint) => tree.read(dentry + BigInt(tree.info['path.d_inode_offset']));
  const address = tree.file(tree.mount({ id: 1, superBlock: overlay, root }), seen);
  const open = (inode: bigint) => memory.writeWord(address + BigInt(tree.info['fs.f_inode_offset']), inode);
  open(inodeOf(lower));
  const { 'fs.FMODE_BACKING': flag, ...old } = tree.info;
  const info = modern ? { ...old, 'fs.FMODE_BACKING': flag } : old;
  const file = new OpenFile({ memory, info }, address);
  return { tree, memory, file, open, inodeOf, root, seen, lower, lowerRoot, overlay, ext4 };
}

const REFUSED = /f_inode is 0x[0-9a-f]+, expected the inode of its f_path/;

describe('the path of an open file', () => {
  it('may be on overlayfs while the file is one of the layer below', () => {
    expect(() => createOverlay().file.validatePath()).not.toThrow();
  });

  it('is that of the file on every other file system', () => {
    expect(() => createOverlay({ type: 'btrfs' }).file.validatePath()).toThrow(REFUSED);
  });

  it('is that of the file where the kernel marks files behind others', () => {
    const { file, open, inodeOf, seen } = createOverlay({ modern: true });
    expect(() => file.validatePath()).toThrow(REFUSED);
    open(inodeOf(seen));
    expect(() => file.validatePath()).not.toThrow();
  });

  it('is refused for another file of the overlay, for a directory below, and for a file of another type', () => {
    const { tree, memory, file, open, inodeOf, root, lower, lowerRoot, overlay } = createOverlay();
    open(inodeOf(tree.entry({ name: 'other', parent: root, superBlock: overlay })));
    expect(() => file.validatePath()).toThrow(REFUSED);
    open(inodeOf(lowerRoot));
    expect(() => file.validatePath()).toThrow(REFUSED);
    memory.writeInt(inodeOf(lower), 0o010644);
    open(inodeOf(lower));
    expect(() => file.validatePath()).toThrow(REFUSED);
  });

  it('is refused where the file below or its file system is damaged', () => {
    const { memory, tree, file, inodeOf, lower, ext4 } = createOverlay();
    memory.writeWord(ext4 + BigInt(tree.info['super.s_type_offset']), 0n);
    expect(() => file.validatePath()).toThrow(REFUSED);
    memory.remove(inodeOf(lower));
    expect(() => file.validatePath()).toThrow(REFUSED);
  });
});
