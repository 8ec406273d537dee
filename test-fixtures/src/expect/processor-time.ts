/**
 * Runs something and returns how many milliseconds of processor time this process took for it. Unlike the clock, it does
 * not go on while other processes have the processor: a bound on it is a bound on the work.
 */
export function processorTime(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
