// A page walk over page tables that are made up here: one 2 MiB page.
import { AddressSpace, pagingForms } from '@osi-linux/x86-mmu';

const PML4 = 0x1000;
const PDPT = 0x2000;
const PD = 0x3000;

export function run(): string[] {
  const ram = new Uint8Array(0x4000);
  const write = (at: number, entry: bigint) => new DataView(ram.buffer).setBigUint64(at, entry, true);
  write(PML4 + 8 * 256, BigInt(PDPT) | 3n);
  write(PDPT, BigInt(PD) | 3n);
  write(PD + 8, 0x600000n | 0x83n); // PS is set: a page of 2 MiB
  const memory = {
    ranges: [{ start: 0, end: ram.length }],
    page: (frame: number) => {
      const bytes = ram.subarray(frame * 4096, frame * 4096 + 4096);
      return bytes.length === 4096
        ? { bytes, view: new DataView(ram.buffer, frame * 4096, 4096) }
        : undefined;
    },
    hole: (frame: number): never => {
      throw new RangeError(`no memory in frame ${frame}`);
    },
    scan: () => 0,
  };
  const space = new AddressSpace(pagingForms['4-level'], memory, PML4);
  const walk = space.walk(0xffff800000212345n);
  return [
    `0x${space.translate(0xffff800000212345n)?.toString(16)}`,
    ...walk.entries.map(({ level, entry }) => `${level} 0x${entry.toString(16)}`),
    `${space.walk(0xffff800000000000n).fault}`,
  ];
}
