// Keys of kernelinfo.conf out of files about a kernel: its types as Volatility 3 has them, and its System.map.
import { deriveKernelInfo, parseIsf, parseSystemMap } from '@osi-linux/symbols';

const TYPES = JSON.stringify({
  metadata: {},
  base_types: { int: { size: 4 }, char: { size: 1 } },
  enums: {},
  symbols: {},
  user_types: {
    task_struct: {
      size: 9792,
      fields: {
        pid: { offset: 1488, type: { kind: 'base', name: 'int' } },
        comm: { offset: 1952, type: { kind: 'array', count: 16, subtype: { kind: 'base', name: 'char' } } },
      },
    },
  },
});
const SYSTEM_MAP = 'ffffffff81000000 T _text\nffffffff82613780 D init_task\n';

export function run(): string[] {
  // KASLR has moved the running kernel by 32 MiB.
  const symbols = parseSystemMap(SYSTEM_MAP, { kaslrShift: 0x2000000n });
  const { lines, missing } = deriveKernelInfo({ types: parseIsf(TYPES), symbols });
  const shown = ['task.init_addr', 'task.pid_offset', 'task.comm_size'];
  return [
    ...lines.filter((line) => shown.some((key) => line.startsWith(`${key} `))),
    missing.find(({ key }) => key === 'mm.pgd_offset')?.reason ?? 'nothing is missing',
  ];
}
