// Which file is fd 3 of the current process, and which are 0 to 2? What a logger of system calls asks at each read().
import { openGuestBytes } from '@osi-linux/guest';
import type { ExampleFiles } from '../example-files';

export function run({ dump, kconf }: ExampleFiles): string[] {
  const { osi, linux } = openGuestBytes(dump, { kconf });
  return linux.onlineCpus().flatMap((cpu) => {
    const current = osi.getCurrentProcess(cpu);
    return [0, 1, 2, 3].map((fd) => {
      const filename = linux.fdToFilename(current, fd);
      const file = filename === undefined ? 'not open' : `${filename} at ${linux.fdToPos(current, fd)}`;
      return `cpu ${cpu}, ${current.pid} ${current.name}, fd ${fd}: ${file}`;
    });
  });
}
