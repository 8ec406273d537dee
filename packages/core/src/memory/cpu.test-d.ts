import { describe, expectTypeOf, it } from 'vitest';
import type { Cpu } from './cpu';
import type { X86Register } from './x86-registers';

describe('Cpu', () => {
  it('has registers by their names, and no others', () => {
    expectTypeOf<Cpu['registers']['cr3']>().toEqualTypeOf<bigint | undefined>();
    expectTypeOf<Cpu['registers']['gs_base']>().toEqualTypeOf<bigint | undefined>();
    expectTypeOf<Cpu['registers']>().not.toHaveProperty('gsbase');
    expectTypeOf<'kernel_gs_bas'>().not.toExtend<X86Register>();
    // @ts-expect-error a typo does not compile
    const typo: Cpu = { index: 0, registers: { cr33: 1n } };
    void typo;
  });
});
