import type { MessagePort, Worker } from 'node:worker_threads';

/** The answer of a worker, or its failure: the `code` of a system error, if it has one. */
export type WorkerAnswer<Value> =
  | { readonly value: Value }
  | { readonly failure: { readonly code: string; readonly message: string } };

const HEAD = "const { parentPort, workerData } = require('node:worker_threads');\n";

// The loop of every worker: it answers a request, then wakes the thread that sleeps on the flag.
const LOOP = `
const flag = new Int32Array(workerData.flag);
parentPort.on('message', async (request) => {
  let answer;
  try {
    answer = { value: await handle(request) };
  } catch (error) {
    answer = { failure: { code: String(error.code ?? ''), message: String(error.message) } };
  }
  const bytes = answer.value?.bytes;
  workerData.answers.postMessage(answer, bytes === undefined ? [] : [bytes.buffer]);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
});
`;

const TIMED_OUT = { failure: { code: 'ETIMEDOUT', message: 'no answer in time' } } as const;

/**
 * A thread for the work that only asynchronous interfaces of Node can do, while this one sleeps until it has
 * the answer.
 *
 * Its program is a text, so that it is found wherever this file is bundled to. It does not keep the process alive.
 */
export class SyncWorker<Request, Value> {
  // Loaded where there is a worker: most sources need none, and it costs as much as opening one.
  private readonly threads = process.getBuiltinModule('node:worker_threads');
  private readonly worker: Worker;
  private readonly answers: MessagePort;
  private readonly flag = new Int32Array(new SharedArrayBuffer(4));
  private ended = false;

  /**
   * `handle` is CommonJS that defines `async function handle(request)`. The `bytes` that it returns must own
   * their whole buffer, which is handed over.
   */
  constructor(handle: string) {
    const { port1, port2 } = new this.threads.MessageChannel();
    this.answers = port1;
    this.worker = new this.threads.Worker(HEAD + handle + LOOP, {
      eval: true,
      // Loaders of this process are of no use there, and cost a start each.
      execArgv: [],
      workerData: { flag: this.flag.buffer, answers: port2 },
      transferList: [port2],
    });
    this.worker.unref();
    // A worker that fails to start or dies is detected by the missing answer.
    this.worker.on('error', () => this.close());
    port1.unref();
  }

  /** Sleeps until the answer is there, at most so many milliseconds, after which nothing is answered any more. */
  ask(request: Request, milliseconds: number): WorkerAnswer<Value> {
    if (this.ended) return TIMED_OUT;
    Atomics.store(this.flag, 0, 0);
    this.worker.postMessage(request);
    Atomics.wait(this.flag, 0, 0, milliseconds);
    const received = this.threads.receiveMessageOnPort(this.answers) as
      | { message: WorkerAnswer<Value> }
      | undefined;
    if (received !== undefined) return received.message;
    this.close();
    return TIMED_OUT;
  }

  /** Ends the thread. */
  close(): void {
    this.ended = true;
    this.answers.close();
    void this.worker.terminate();
  }
}
