import { type Cpu, OsiError, type VirtualAddress } from '@osi-linux/core';
import type { Dump, Finding } from '@osi-linux/memory';
import type { GdbClient, GdbStop } from './gdb-client';
import { isRunning, notStarted } from './internal/run-state';
import type { LiveMemory } from './live-memory';
import type { QmpClient, QmpEvent } from './qmp-client';

/** The facts that QEMU reports about a guest that stands still, besides its memory. */
export interface GuestState {
  /** Its processors. */
  readonly cpus: readonly Cpu[];
  /** The architecture of its processors; absent if it is not known. */
  readonly machine?: 'x86_64' | 'i386';
  /** The text of its kernel's VMCOREINFO, where QEMU has it (`-device vmcoreinfo`). */
  readonly vmcoreinfo?: string;
}

/** Makes sure that a guest that was stopped here runs on, even if this process dies. */
export interface StopGuard {
  /** The guest is about to be stopped. */
  arm(): void;
  /** The guest runs again, or is no longer ours to continue. */
  disarm(): void;
  /** Lets go; a guest for which it is armed is continued now. */
  release(): void;
}

/** The parts of a live guest. At least one of `qmp` and `gdb` is there. */
export interface LiveGuestParts {
  /** Its name in messages. */
  readonly name: string;
  /** Its machine protocol, which stops it if there is no gdb stub. */
  readonly qmp?: QmpClient | undefined;
  /** Its gdb stub, which stops it where there is one. */
  readonly gdb?: GdbClient | undefined;
  /** Its memory. */
  readonly memory: LiveMemory;
  /** Called before it is stopped, and after it runs again. */
  readonly guard: StopGuard;
  /** Whether the guest ran before it was opened. With a gdb stub it stands since then. */
  readonly wasRunning: boolean;
  /** How its memory is read. */
  readonly reading: Finding;
  /** Reads the processors; asked when the guest stands, and once at the beginning. */
  readState(): GuestState;
  /**
   * Restores the settings that were changed for reading, while the guest stands; before the connections are
   * closed.
   */
  restore?(): void;
  /** Lets go of files. */
  release(): void;
}

/** Why a guest stands, and which processor stopped it. */
export interface LiveStop {
  /** `breakpoint` also where a single step ended; `outside` where neither this nor a breakpoint stopped it. */
  readonly reason: 'breakpoint' | 'outside';
  /** Number of the processor; `undefined` if it is not known. */
  readonly cpu: number | undefined;
}

const SIGTRAP = 5;
const GUEST_NAME = 'qemu';

/**
 * A guest that runs under QEMU: a `Dump` whose memory and processors are those of the moment, for
 * `openGuest`, and which can be stopped and continued.
 *
 * Memory that was read is kept until the next stop or {@link refresh}. A guest that it stopped is continued,
 * at the latest by {@link close}; a guest that stood already is left standing.
 *
 * @example
 * ```ts
 * declare const liveParts: LiveGuestParts;
 * const live = new LiveGuest(liveParts);
 * live.isRunning // => true
 * live.whileStopped(() => live.isRunning) // => false
 * live.isRunning // => true
 * live.close();
 * ```
 */
export class LiveGuest implements Dump {
  readonly format = GUEST_NAME;
  readonly memory: LiveMemory;
  /** The processors at the last stop; the same array is filled anew at each. */
  readonly cpus: Cpu[] = [];
  readonly machine?: 'x86_64' | 'i386';
  readonly vmcoreinfo?: string;
  /** The oddities of the guest: a way of reading that may show a mixed state is reported here. */
  readonly findings: Finding[] = [];
  /** How its memory is read. */
  readonly reading: Finding;
  private readonly parts: LiveGuestParts;
  private readonly breakpoints = new Set<VirtualAddress>();
  private readonly listeners = new Set<(stop: LiveStop) => void>();
  private running: boolean;
  private ours: boolean;
  /** The thread that stands at a breakpoint, which it has to be led over. */
  private atBreakpoint: number | undefined;
  private closed = false;
  private stopLength: number | undefined;

  /** Reads the processors, then lets the guest run where it ran before. @throws OsiError what QEMU says. */
  constructor(parts: LiveGuestParts) {
    this.parts = parts;
    this.memory = parts.memory;
    this.reading = parts.reading;
    this.ours = parts.gdb !== undefined && parts.wasRunning;
    this.running = parts.gdb === undefined && parts.wasRunning;
    const unstarted = parts.wasRunning ? undefined : notStarted(parts.qmp);
    if (unstarted !== undefined) this.findings.push(unstarted);
    const { cpus, machine, vmcoreinfo } = parts.readState();
    this.cpus.push(...cpus);
    if (machine !== undefined) this.machine = machine;
    if (vmcoreinfo !== undefined) this.vmcoreinfo = vmcoreinfo;
    this.cont();
  }

  /** Whether the guest runs, as far as is known here. */
  get isRunning(): boolean {
    return this.running;
  }

  /** Whether memory can be read while the guest runs; a gdb stub alone cannot. */
  get readsWhileRunning(): boolean {
    return this.parts.qmp !== undefined;
  }

  /** How long the guest stood the last time, in milliseconds by QEMU's clock; `undefined` without a QMP socket. */
  get stoppedMs(): number | undefined {
    return this.stopLength;
  }

  /** Why memory could not be read since the last stop; `undefined` where all could. */
  get failure(): OsiError | undefined {
    return this.memory.failure;
  }

  /**
   * Stops the guest, drops its cached memory and reads its processors anew. `again` reads at once the memory
   * that was asked for since the last stop.
   *
   * @throws OsiError `LIVE_NO_ANSWER`, `LIVE_CONNECTION_LOST`, `LIVE_COMMAND_FAILED`.
   */
  stop(again = false): void {
    if (this.running) this.halt();
    this.refresh(again);
  }

  /** Drops the cached memory of the guest, which may have run on. @throws OsiError as {@link stop}. */
  refresh(again = false): void {
    this.memory.refresh(again);
    const { cpus } = this.parts.readState();
    this.cpus.splice(0, this.cpus.length, ...cpus);
  }

  /**
   * Lets the guest run on, where it was stopped here; does nothing otherwise.
   *
   * @throws OsiError `LIVE_NO_ANSWER`, `LIVE_CONNECTION_LOST`, `LIVE_COMMAND_FAILED`.
   */
  cont(): void {
    if (this.running || !this.ours) return;
    const { gdb, qmp, guard } = this.parts;
    if (gdb !== undefined) {
      this.leaveBreakpoint(gdb);
      gdb.cont();
    } else qmp?.execute('cont');
    this.stopLength = lengthOfStop(qmp?.takeEvents() ?? []) ?? this.stopLength;
    this.running = true;
    this.ours = gdb !== undefined;
    // A breakpoint stops the guest at any time.
    if (gdb === undefined) guard.disarm();
  }

  /**
   * Runs a function while the guest stands, and lets it run on in any case.
   *
   * @throws OsiError as {@link stop}.
   */
  whileStopped<Value>(run: () => Value, again = false): Value {
    const ran = this.running;
    try {
      this.stop(again);
      const value = run();
      // Rows out of memory that could no longer be read show nothing.
      if (this.failure !== undefined) throw this.failure;
      return value;
    } catch (error) {
      // Memory that could not be read is why no kernel was found in it.
      throw OsiError.is(error) && this.failure !== undefined ? this.failure : error;
    } finally {
      if (ran && this.isReachable) this.cont();
    }
  }

  /**
   * Asks about one moment, with a stop as short as can be: the memory that was asked for since the last stop
   * is read at once, the guest runs on, and then the function is run. Where it asks for more than that it is
   * run again, while the guest stands.
   *
   * @throws OsiError as {@link stop}.
   */
  atOneMoment<Value>(run: () => Value): Value {
    if (!this.running) return this.whileStopped(run);
    this.whileStopped(() => this.memory.seal(), true);
    try {
      const value = run();
      if (!this.memory.isIncomplete) return value;
    } catch (error) {
      if (!this.memory.isIncomplete) throw error;
    }
    return this.whileStopped(run, true);
  }

  /**
   * Waits until the guest stands, at most this many milliseconds; `undefined` if it still runs. The cached
   * parts of its memory is dropped then; {@link cpus} stay those of before until {@link refresh}.
   *
   * @throws OsiError `LIVE_CONNECTION_LOST`.
   */
  waitForStop(timeoutMs: number): LiveStop | undefined {
    if (!this.running) return undefined;
    const stop = this.parts.gdb === undefined ? this.waitForEvent(timeoutMs) : this.waitForGdb(timeoutMs);
    if (stop === undefined) return undefined;
    this.running = false;
    this.memory.refresh();
    for (const listener of this.listeners) listener(stop);
    return stop;
  }

  /** Calls a function at every stop that {@link waitForStop} sees; returns a function that ends that. */
  onStop(listener: (stop: LiveStop) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Stops the guest whenever a processor comes to a kernel address. @throws OsiError `LIVE_NEEDS_GDB`. */
  setBreakpoint(address: VirtualAddress): void {
    this.changeBreakpoint((gdb) => gdb.setBreakpoint(address));
    this.breakpoints.add(address);
  }

  /** Takes a breakpoint away. @throws OsiError `LIVE_NEEDS_GDB`. */
  clearBreakpoint(address: VirtualAddress): void {
    if (!this.breakpoints.delete(address)) return;
    this.changeBreakpoint((gdb) => gdb.clearBreakpoint(address));
  }

  /** Lets the guest run on where it was stopped here, and lets go of QEMU. Does not throw where QEMU is gone. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      if (this.isReachable) this.letGo();
    } catch (error) {
      // QEMU is gone or does not answer; the guard does what can still be done.
      if (!OsiError.is(error)) throw error;
    } finally {
      this.parts.gdb?.close();
      this.parts.qmp?.close();
      this.parts.release();
      this.parts.guard.release();
    }
  }

  /** Whether QEMU still answers: a read that it refused is not a reason to doubt that. */
  private get isReachable(): boolean {
    return this.failure === undefined || this.failure.code === 'LIVE_READ_FAILED';
  }

  private halt(): void {
    const { gdb, qmp, guard } = this.parts;
    if (gdb === undefined && !isRunning(qmp)) {
      // Another program stopped it, and will continue it.
      this.ours = false;
    } else {
      guard.arm();
      if (gdb === undefined) qmp?.execute('stop');
      else this.noteThread(gdb.interrupt());
      this.ours = true;
    }
    this.running = false;
  }

  private letGo(): void {
    const { gdb, guard, wasRunning } = this.parts;
    if (gdb === undefined) {
      this.cont();
      return;
    }
    gdb.interrupt();
    this.running = false;
    for (const address of this.breakpoints) gdb.clearBreakpoint(address);
    this.parts.restore?.();
    if (wasRunning) gdb.detach();
    guard.disarm();
  }

  private waitForEvent(timeoutMs: number): LiveStop | undefined {
    // An event may be lost, the state not.
    this.parts.qmp?.takeEvents(timeoutMs);
    if (isRunning(this.parts.qmp)) return undefined;
    this.ours = false;
    return { reason: 'outside', cpu: undefined };
  }

  private waitForGdb(timeoutMs: number): LiveStop | undefined {
    const stop = this.parts.gdb?.waitForStop(timeoutMs);
    if (stop === undefined) return undefined;
    this.noteThread(stop);
    this.ours = true;
    const cpu = stop.thread === undefined ? undefined : stop.thread - 1;
    return { reason: stop.signal === SIGTRAP ? 'breakpoint' : 'outside', cpu };
  }

  private noteThread(stop: GdbStop | undefined): void {
    this.atBreakpoint = stop?.signal === SIGTRAP ? stop.thread : undefined;
  }

  /** A processor that goes on at a breakpoint would stop at it again: it takes one step without any. */
  private leaveBreakpoint(gdb: GdbClient): void {
    const thread = this.atBreakpoint;
    this.atBreakpoint = undefined;
    if (thread === undefined || this.breakpoints.size === 0) return;
    for (const address of this.breakpoints) gdb.clearBreakpoint(address);
    gdb.step(thread);
    for (const address of this.breakpoints) gdb.setBreakpoint(address);
  }

  private changeBreakpoint(change: (gdb: GdbClient) => void): void {
    const { gdb, name } = this.parts;
    if (gdb === undefined) {
      throw new OsiError('LIVE_NEEDS_GDB', `${name}: breakpoints need a gdb stub`, {
        hint: 'start QEMU with -gdb tcp:127.0.0.1:PORT and give that address too',
        fields: { source: name },
      });
    }
    const ran = this.running;
    if (ran) this.halt();
    change(gdb);
    if (ran) this.cont();
  }
}

function lengthOfStop(events: readonly QmpEvent[]): number | undefined {
  const [stop, resume] = ['STOP', 'RESUME'].map((name) =>
    [...events].reverse().find((event) => event.name === name),
  );
  const length = ((resume?.timestamp ?? Number.NaN) - (stop?.timestamp ?? Number.NaN)) / 1000;
  return length >= 0 ? length : undefined;
}
