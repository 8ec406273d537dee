import { attempt, formatAddress, OsiError } from '@osi-linux/core';
import { findInitTask, type Kernel, StructView } from '@osi-linux/kstruct';

/**
 * Why the guest cannot be read yet: its kernel has not started the first process. `undefined` once it has,
 * and also if a missing key or missing memory hides whether it has: then the calls themselves report that.
 */
export function findBootReason(kernel: Kernel): OsiError | undefined {
  if (kernel.listStart !== undefined) return undefined;
  const { info, memory } = kernel;
  if (info['task.init_addr'] === undefined || info['task.tasks_offset'] === undefined) return undefined;
  const init = findInitTask(kernel);
  const at = formatAddress(init.address);
  const read = () => {
    if (init.comm === '') return booting(`init_task at ${at} has no name`);
    const node = init.listHead('task.tasks_offset');
    const links = new StructView(memory, node);
    const alone = links.word(0) === node && links.word(memory.architecture.wordSize) === node;
    return alone ? booting('init_task is the only process') : undefined;
  };
  return attempt(read, (error) =>
    error.code === 'PAGE_NOT_PRESENT' ? booting(`init_task at ${at} is not mapped`, error) : undefined,
  );
}

function booting(message: string, cause?: OsiError): OsiError {
  return new OsiError('KERNEL_BOOTING', `the kernel has not started a process yet: ${message}`, {
    hint: 'let the guest boot, then call again',
    cause,
  });
}
