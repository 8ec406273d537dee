// A dump, whatever its format: which memory it holds, and the registers of its processors.
import { BytesSource, openDump } from '@osi-linux/memory';
import type { ExampleFiles } from '../example-files';

export function run({ dump: bytes }: ExampleFiles): string[] {
  const dump = openDump(new BytesSource(bytes, 'guest.elf'));
  const [first] = dump.memory.ranges;
  const page = first === undefined ? undefined : dump.memory.page(first.start / 4096);
  return [
    `${dump.format}, ${dump.machine}, ${dump.memory.ranges.length} ranges`,
    ...dump.cpus.map(({ index, registers }) => `cpu ${index}: cr3 0x${registers['cr3']?.toString(16)}`),
    `the first page has ${page?.bytes.length} bytes`,
    dump.memory.hole(0x3ff00).code,
  ];
}
