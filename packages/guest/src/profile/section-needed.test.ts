import { describe, expect, it } from 'vitest';
import type { KernelSearch } from '../kernel/search';
import { neededName } from './section-needed';

const nameFor = (text: string) =>
  neededName({ banner: { text }, dump: { machine: 'x86_64' } } as unknown as KernelSearch);

describe('the name of the section that is needed', () => {
  const gcc = '(buildd@lgw01) (gcc version 9.3.0 (Ubuntu 9.3.0-10ubuntu2))';
  it.each([
    [
      `Linux version 5.4.0-42-generic ${gcc} #46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020 (Ubuntu 5.4.0-42.46-generic 5.4.44)`,
      '5.4.0-42-generic|#46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020|x86_64',
    ],
    [
      'Linux version 5.10.0-44-amd64 (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1) #1 SMP Debian 5.10.257-1 (2026-05-27)',
      '5.10.0-44-amd64|#1 SMP Debian 5.10.257-1 (2026-05-27)|x86_64',
    ],
    [
      'Linux version 3.2.51 (me@host) (gcc version 4.7.2 #3 build) #2 SMP Sun Sep 22 12:00:00 UTC 2013',
      '3.2.51|#2 SMP Sun Sep 22 12:00:00 UTC 2013|x86_64',
    ],
    [`Linux version 6.1.0 (a@b) (gcc) #1 SMP ${'x'.repeat(80)}`, `6.1.0|#1 SMP ${'x'.repeat(57)}|x86_64`],
  ])('has the release and the version of the banner alone: %s', (banner, name) => {
    expect(nameFor(banner)).toBe(name);
  });

  it('is not known without a version', () => {
    expect(nameFor('Linux version 3.2.51 (me@host)')).toBeUndefined();
  });
});
