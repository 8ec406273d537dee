import { createListing } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { Osi } from './osi';

describe('Osi', () => {
  it('asks the provider that was registered last and implements the call', () => {
    const osi = new Osi();
    osi.register({
      name: 'first',
      getProcesses: () => createListing([], []),
      getCurrentThread: () => ({ pid: 1, tid: 1 }),
    });
    osi.register({ name: 'second', getCurrentThread: () => ({ pid: 2, tid: 2 }) });
    expect(osi.getCurrentThread().pid).toBe(2);
    expect(osi.getProcesses()).toHaveLength(0);
  });

  it('keeps the provider as `this`', () => {
    class Provider {
      readonly name = 'with state';
      readonly pid = 42;
      getCurrentThread(cpu: number) {
        return { pid: this.pid, tid: cpu };
      }
    }
    const osi = new Osi();
    osi.register(new Provider());
    expect(osi.getCurrentThread(3)).toEqual({ pid: 42, tid: 3 });
  });

  it('names the call that nobody answers, and who was asked', () => {
    const osi = new Osi();
    osi.register({ name: 'lazy_os' });
    expect(() => osi.getCurrentProcess()).toThrow(/no provider answers getCurrentProcess/);
    try {
      osi.getProcesses();
    } catch (error) {
      expect((error as { hint: string }).hint).toContain('lazy_os');
    }
  });
});
