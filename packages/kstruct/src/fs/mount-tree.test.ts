import { OsiError, SkippedLog } from '@osi-linux/core';
import { FakeFileTree } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { eachMount } from './mount-tree';

/** Mount 1 at the top, 2 and 3 on it, 4 on 3. */
function createMounts() {
  const tree = new FakeFileTree();
  const superBlock = tree.superBlock('tmpfs');
  const root = tree.entry({ name: '/', superBlock, directory: true });
  const mount = (id: number, mnt?: bigint) =>
    tree.mount({ id, superBlock, root, ...(mnt === undefined ? {} : { on: { mnt, dentry: root } }) });
  const top = mount(1);
  const [two, three] = [mount(2, top), mount(3, top)];
  const four = mount(4, three);
  const walk = (from = four) => {
    const skipped = new SkippedLog();
    const ids = [...eachMount({ memory: tree.memory, info: tree.info }, from, skipped)].map(({ id }) => id);
    return { ids: ids.sort(), skipped: skipped.records.map(({ reason }) => reason.code) };
  };
  return { tree, memory: tree.memory, top, two, three, four, walk };
}

describe('eachMount', () => {
  it('yields the whole tree, from whichever mount it is entered', () => {
    const { walk, top, two, four } = createMounts();
    for (const from of [top, two, four]) expect(walk(from)).toEqual({ ids: [1, 2, 3, 4], skipped: [] });
  });

  it('leaves out a mount that names another parent, and says so', () => {
    const { memory, walk, top, two, four } = createMounts();
    memory.writeWord(two - 0x10n, four - 0x20n);
    expect(walk(top)).toEqual({ ids: [1, 3, 4], skipped: ['STRUCT_IMPLAUSIBLE'] });
  });

  it('keeps the others where one is zeroed', () => {
    const { memory, walk, top, two } = createMounts();
    memory.writeBytes(two - 0x20n, new Uint8Array(0x100));
    expect(walk(top).ids).toEqual([1, 3, 4]);
    expect(walk(top).skipped.length).toBeGreaterThan(0);
  });

  it('ends where mounts lie on each other', () => {
    const { memory, walk, top, three, four } = createMounts();
    memory.writeWord(top - 0x10n, four - 0x20n);
    expect(() => walk(three)).toThrow(OsiError);
  });

  it('is refused where the mount to start from is none', () => {
    const { walk } = createMounts();
    expect(() => walk(0x1000n)).toThrow(/invalid mount at 0x1000/);
  });
});
