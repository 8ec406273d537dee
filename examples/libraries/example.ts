// The libraries of every process: the files that it has mapped as code, its program among them, each with its lowest
// address. What could not be read is told, so that a missing row is not taken for a missing library.
import { openGuestBytes } from '@osi-linux/guest';
import type { ExampleFiles } from '../example-files';

const VM_EXEC = 0x4n;

export function run({ dump, kconf }: ExampleFiles): string[] {
  const { osi } = openGuestBytes(dump, { kconf });
  return osi.getProcesses().flatMap((process) => {
    const mappings = osi.getFileMappings(process);
    const code = new Set(mappings.filter(({ flags }) => (flags ?? 0n) & VM_EXEC).map(({ file }) => file));
    const lowest = [...code].map((file) => mappings.find((mapping) => mapping.file === file));
    return [
      ...lowest.map((found) => `${process.pid} 0x${found?.base.toString(16)} ${found?.file}`),
      ...mappings.skipped.map(({ subject, reason }) => `${process.pid} ${subject.kind}: ${reason.message}`),
    ];
  });
}
