import { describe, expect, it } from 'vitest';
import { parseRegisters, parseRegisterValues } from './registers';

const SPINNING = `CPU#0
RAX=0000000000000016 RBX=000000005350494e RCX=00000000004017e8 RDX=00007fff6102d040
RIP=000000000040182f RFL=00000206 [-----P-] CPL=3 II=0 A20=1 SMM=0 HLT=0
CS =0033 0000000000000000 ffffffff 00a0fb00 DPL=3 CS64 [-RA]

CPU#1
RAX=000000000002d4ac RBX=ffff8c3501231840 RCX=0000000000000001 RDX=0000000000000000
RIP=ffffffffaba592eb RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
`;

describe('parseRegisters', () => {
  it('tells a spinner in user mode from a processor that sleeps', () => {
    expect(parseRegisters(SPINNING)).toEqual([
      { cpu: 0, cpl: 3, halted: false, ebx: 0x5350494e },
      { cpu: 1, cpl: 0, halted: true, ebx: 0x01231840 },
    ]);
  });

  it('reads the 32-bit form', () => {
    const text = 'CPU#0\nEAX=00000000 EBX=5350494e\nEIP=0 EFL=0 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0\n';
    expect(parseRegisters(text)).toEqual([{ cpu: 0, cpl: 3, halted: false, ebx: 0x5350494e }]);
  });

  it('gives no number where the text has none, so that no state is claimed', () => {
    expect(parseRegisters('CPU#0\n')).toEqual([{ cpu: 0, cpl: Number.NaN, halted: false, ebx: Number.NaN }]);
  });
});

describe('the numbers of registers', () => {
  it('are read for each processor, segments by their base', () => {
    const [first, second] = parseRegisterValues(SPINNING);
    expect(first?.get('RBX')).toBe(0x5350494en);
    expect(first?.get('CS')).toBe(0n);
    expect(first?.get('RFL')).toBe(0x206n);
    expect(second?.get('RIP')).toBe(0xffffffffaba592ebn);
    const i386 =
      'CPU#0\r\nEAX=0001ab40 EBX=0\r\nFS =00d8 0143e000 ffffffff 008f9300 DPL=0 DS16 [-WA]\r\nIDT=     ff400000 000007ff\r\n';
    expect([...(parseRegisterValues(i386)[0] ?? [])]).toEqual([
      ['EAX', 0x1ab40n],
      ['EBX', 0n],
      ['FS', 0x143e000n],
      ['IDT', 0xff400000n],
    ]);
  });
});
