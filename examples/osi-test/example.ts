// What PANDA's osi_test prints first, with the profile named as for PANDA: the current process and the process list.
import { openGuestFile } from '@osi-linux/guest/node';
import type { ExampleFiles } from '../example-files';

export function run({ folder }: ExampleFiles): string[] {
  const plugin = `osi_linux:kconf_file=${folder}/kernelinfo.conf,kconf_group=debian-12-amd64`;
  const { osi, dump } = openGuestFile(`${folder}/guest.elf`, { plugin });
  const current = osi.getCurrentProcess();
  const processes = osi.getProcesses();
  dump.close();
  return [
    `Current process: ${current.name} PID:${current.pid} PPID:${current.ppid}`,
    `Process list (${processes.length} procs):`,
    ...processes.map(({ name, pid, ppid }) => `  ${name?.padEnd(16)}\t${pid}\t${ppid}`),
  ];
}
