import { setFlagsFromString } from 'node:v8';
import { KERNELINFO_SCHEMA, type KernelInfo } from '@osi-linux/kconf';
import { describe, expect, it } from 'vitest';
import { findLayoutWith, layoutOf } from './layout';

setFlagsFromString('--allow-natives-syntax');
/** Whether V8 keeps an object as a shape with slots, and not as a hash table. */
const isFast = new Function('object', 'return %HasFastProperties(object)') as (object: object) => boolean;
const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean;

const INFO: KernelInfo = { 'task.pid_offset': 1256, 'path.d_parent_offset': 24, name: 'a kernel' };

describe('layoutOf', () => {
  it('has every key of the schema by its group and member, in their spelling', () => {
    const all = Object.fromEntries(KERNELINFO_SCHEMA.map(({ key }, at) => [key, at])) as KernelInfo;
    const groups = Object.entries(layoutOf(all)) as [string, Record<string, number>][];
    const found = groups.flatMap(([group, members]) => {
      return Object.entries(members).map(([member, value]) => [`${group}.${member}`, value]);
    });
    const keys = Object.entries(all).filter(([key]) => key.includes('.'));
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(keys));
  });

  it('gives undefined for what the profile lacks', () => {
    const { task, path, kernel } = layoutOf(INFO);
    expect([task.pid_offset, task.tgid_offset, path.d_parent_offset]).toEqual([1256, undefined, 24]);
    expect(Object.hasOwn(kernel, 'page_offset_addr')).toBe(true);
  });

  it('makes the layout of a profile once', () => {
    const first = layoutOf(INFO);
    layoutOf({});
    expect(layoutOf(INFO)).toBe(first);
  });

  it.each(['task', 'mm', 'vma', 'fs', 'path', 'cred', 'inode', 'kernel'] as const)(
    'keeps the group %s as an object of fixed shape, the same for each profile',
    (group) => {
      const [one, other] = [layoutOf(INFO)[group], layoutOf({ 'task.init_addr': 7n })[group]];
      expect([isFast(one), isFast(other), haveSameShape(one, other)]).toEqual([true, true, true]);
    },
  );

  it('would show a group that became a hash table', () => {
    const planted: Record<string, number | undefined> = {};
    for (const member of Object.keys(layoutOf(INFO).task).reverse()) planted[member] = undefined;
    expect(isFast(planted)).toBe(false);
  });
});

describe('findLayoutWith', () => {
  it('gives the layout where the profile has the keys, and undefined where it lacks one', () => {
    expect(findLayoutWith(INFO, ['task.pid_offset'])).toBe(layoutOf(INFO));
    expect(findLayoutWith(INFO, ['task.pid_offset', 'task.tgid_offset'])).toBeUndefined();
  });
});
