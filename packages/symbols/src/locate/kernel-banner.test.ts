import { describe, expect, it } from 'vitest';
import { parseKernelBanner } from './kernel-banner';

describe('parseKernelBanner', () => {
  it('takes release and version out of what the kernel says, whatever the compiler is called', () => {
    const compiler =
      '(x86_64-linux-gnu-gcc-16 (Debian 16.2.0-4) 16.2.0, GNU ld (GNU Binutils for Debian) 2.47)';
    const version = '#1 SMP PREEMPT_DYNAMIC Debian 7.2.13-1 (2026-10-28)';
    const text = `Linux version 7.2.13+deb14-amd64 (kernel@lists.debian.org) ${compiler} ${version}\n\0`;
    expect(parseKernelBanner(text)).toEqual({ release: '7.2.13+deb14-amd64', version });
  });

  it.each([
    '',
    'Linux version %s (a@b) (c) #1',
    'Linux version 6.1.0 (a@b) (c)',
    'Linux version 6.1.0 (a@b) (c) #1\nmore',
    `Linux version 6.1.0 (${'('.repeat(5000)}) (c) #1`,
  ])('refuses "%s"', (text) => {
    expect(parseKernelBanner(text)).toBeUndefined();
  });
});
