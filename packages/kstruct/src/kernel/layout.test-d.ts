import type { VirtualAddress } from '@osi-linux/core';
import { describe, expectTypeOf, it } from 'vitest';
import type { Layout, LayoutWith } from './layout';

describe('Layout', () => {
  it('has the type of each key', () => {
    expectTypeOf<Layout['task']['pid_offset']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Layout['kernel']['page_offset_addr']>().toEqualTypeOf<VirtualAddress | undefined>();
  });

  it('has no member that the schema lacks', () => {
    expectTypeOf<Layout['task']>().not.toHaveProperty('initTask');
    expectTypeOf<Layout>().not.toHaveProperty('dentry');
  });

  it('has required keys for sure, and leaves the others open', () => {
    type Known = LayoutWith<'task.pid_offset'>['task'];
    expectTypeOf<Known['pid_offset']>().toEqualTypeOf<number>();
    expectTypeOf<Known['tgid_offset']>().toEqualTypeOf<number | undefined>();
  });
});
