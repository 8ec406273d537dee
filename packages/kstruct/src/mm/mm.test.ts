import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { Mm } from './mm';

const MM = 0xffff888000010000n;

/** Whether an address space with this program has one, on a kernel that counts its mappings and on one that does not. */
function hasExeFile(exeFile: bigint, mappings: bigint): boolean[] {
  const memory = new FakeVirtualMemory();
  memory.writeWord(MM + 0x198n, exeFile);
  memory.writeWord(MM + 0x1a0n, mappings);
  const newer = { 'mm.exe_file_offset': 0x198 } as const;
  const older = { ...newer, 'mm.num_exe_file_vmas_offset': 0x1a0 } as const;
  return [older, newer].map((info) => new Mm({ memory, info }, MM).hasExeFile);
}

describe('the program of an address space', () => {
  const file = 0xffff888000020000n;

  it('is gone with its last mapping on kernels that count them', () => {
    expect(hasExeFile(0n, 0n)).toEqual([false, true]);
  });

  it('is expected wherever something contradicts that', () => {
    expect(hasExeFile(file, 2n)).toEqual([true, true]);
    expect(hasExeFile(file, 0n)).toEqual([true, true]);
    expect(hasExeFile(0n, 2n)).toEqual([true, true]);
  });
});
