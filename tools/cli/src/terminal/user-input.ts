const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls a function at the first signal to end; a second one ends the process at once. Returns what takes it away. */
export function onInterrupt(end: () => void): () => void {
  for (const signal of SIGNALS) process.once(signal, end);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, end);
  };
}

/** Calls a function with each key as it is pressed, where standard input is a terminal. Returns what takes it away. */
export function onKey(press: (key: string) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const hear = (bytes: Buffer) => press(bytes.toString('latin1'));
  stdin.setRawMode(true);
  stdin.on('data', hear);
  stdin.resume();
  return () => {
    stdin.removeListener('data', hear);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
