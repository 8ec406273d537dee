import { Script } from 'node:vm';

const WORK = 'osi-linux work';

/**
 * Runs long work that never returns to the event loop, so that Ctrl-C ends it with a line about what was being done. The
 * process then ends by the signal, as it would without this.
 *
 * Signals are heard by a thread of Node's that ends the script (`breakOnSigint` of `vm`); no `finally` runs any more.
 */
export function runInterruptible<Value>(
  run: () => Value,
  doing: () => string,
  err: (text: string) => void,
): Value {
  const shared = globalThis as { [WORK]?: () => void };
  let value: { readonly done: Value } | undefined;
  shared[WORK] = () => {
    value = { done: run() };
  };
  try {
    new Script(`globalThis['${WORK}']()`).runInThisContext({ breakOnSigint: true, displayErrors: false });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error;
    err(`interrupted while ${doing()}\n`);
    process.kill(process.pid, 'SIGINT');
  } finally {
    delete shared[WORK];
  }
  if (value === undefined) throw new Error('interrupted');
  return value.done;
}
