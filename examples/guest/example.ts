// From the bytes of a dump and a kernelinfo.conf to the processes of the guest.
import { openGuestBytes } from '@osi-linux/guest';
import type { ExampleFiles } from '../example-files';

export function run({ dump, kconf }: ExampleFiles): string[] {
  const { osi } = openGuestBytes(dump, { kconf });
  const processes = osi.getProcesses();
  const { pid, name } = osi.getCurrentProcess(0);
  return [
    `${processes.length} processes, ${processes.skipped.length} skipped`,
    ...processes.slice(0, 3).map((found) => `${found.pid} ${found.name}`),
    `cpu 0 runs ${pid} ${name}`,
  ];
}
