// A kernel log becomes the typed profile of its kernel.
import { createGroup, findKernelInfoBlock, safeParseKernelInfo } from '@osi-linux/kconf';
import type { ExampleFiles } from '../example-files';

export function run({ log }: ExampleFiles): string[] {
  const block = findKernelInfoBlock(log);
  const { info, issues } = safeParseKernelInfo(createGroup('my_kernel_info', block.beginLine, block.lines));
  return [
    `${info['name']}`,
    `task.tasks_offset = ${info['task.tasks_offset']}`,
    `task.init_addr = 0x${info['task.init_addr']?.toString(16)}`,
    `${issues.length} issues`,
  ];
}
