import { describe, expect, it } from 'vitest';
import { parseKernelName, sameMachine } from './kernel-name';

describe('parseKernelName', () => {
  it.each([
    [
      '6.1.0-56-amd64|#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)|x86_64',
      {
        release: '6.1.0-56-amd64',
        version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)',
        machine: 'x86_64',
      },
    ],
    [
      '5.0.0-23-generic|#24~18.04.1-Ubuntu SMP|x86_64 and more words',
      { release: '5.0.0-23-generic', version: '#24~18.04.1-Ubuntu SMP', machine: 'x86_64' },
    ],
    [
      '#1 SMP Debian 3.2.51-1 i686',
      { release: undefined, version: '#1 SMP Debian 3.2.51-1', machine: 'i686' },
    ],
    ['3.2.0|#1|armv5tejl', { release: '3.2.0', version: '#1', machine: 'armv5tejl' }],
    ['5.4.0|#1|vax', { release: '5.4.0', version: '#1', machine: 'vax' }],
    ['#1 SMP 5.4 loongarch64', { release: undefined, version: '#1 SMP 5.4', machine: 'loongarch64' }],
    ['#1 SMP 5.4 vax', { release: undefined, version: '#1 SMP 5.4 vax', machine: undefined }],
    ['#7 Tue', { release: undefined, version: '#7 Tue', machine: undefined }],
    ['', { release: undefined, version: '', machine: undefined }],
  ])('reads %j', (name, expected) => {
    expect(parseKernelName(name)).toEqual(expected);
  });
});

describe('sameMachine', () => {
  it.each([
    ['i386', 'i686', true],
    ['x86_64', 'amd64', true],
    ['i686', 'x86_64', false],
  ])('of %s and %s is %s', (a, b, expected) => {
    expect(sameMachine(a, b)).toBe(expected);
  });
});
