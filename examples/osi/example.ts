// The OSI API with a provider of one's own: no Linux anywhere.
import { Osi } from '@osi-linux/osi';

export function run(): string[] {
  const osi = new Osi();
  osi.register({ name: 'one_process_os', getCurrentThread: (cpu) => ({ pid: 1, tid: cpu + 1 }) });
  const { pid, tid } = osi.getCurrentThread(3);
  return [`cpu 3 runs thread ${tid} of process ${pid}`];
}
