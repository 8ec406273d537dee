import { attempt, type OsiError, type VirtualAddress } from '@osi-linux/core';
import { parseKernelName, sameMachine } from '@osi-linux/kconf';
import {
  findInitTask,
  type Kernel,
  readUtsname,
  requireKey,
  StructView,
  Task,
  type Utsname,
} from '@osi-linux/kstruct';
import type { Finding } from '@osi-linux/memory';
import { eachBannerNear } from '../kernel/banner';
import { findUtsname } from '../kernel/utsname-search';
import type { CheckedStructure, Contradiction } from './contradiction';

/** The evidence for and against a profile as that of the kernel in memory. */
export interface ProfileFit {
  /** The contradictions: a profile with any is refused. */
  readonly contradictions: readonly Contradiction[];
  /** The facts that were confirmed. */
  readonly findings: readonly Finding[];
}

/**
 * Compares a profile with the memory that it claims to describe: `init_task` must be at its address and be
 * pid 0, the task list must be closed around it, and the kernel's own name must be the profile's.
 */
export function checkProfileFit(kernel: Kernel): ProfileFit {
  const check = new FitCheck(kernel);
  if (check.initTask()) {
    check.taskList();
    check.kernelName();
  }
  return check;
}

/** Codes of errors that mean a hole in the dump, not an entry of the guest's own page tables. */
export const HOLE_CODES: ReadonlySet<string> = new Set([
  'PHYSICAL_HOLE',
  'DUMP_TRUNCATED',
  'PAGE_EXCLUDED',
  'PAGE_DAMAGED',
  'PAGE_TABLE_MISSING',
]);

class FitCheck implements ProfileFit {
  readonly contradictions: Contradiction[] = [];
  readonly findings: Finding[] = [];
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Whether the rest is worth checking: nothing can be checked if `init_task` itself is missing. */
  initTask(): boolean {
    attempt(
      () => this.pidZero(findInitTask(this.kernel)),
      (reason) => this.withoutInitTask(reason),
    );
    return this.contradictions.length === 0;
  }

  private pidZero(init: Task): void {
    const { address, comm, pid } = init;
    const at = { key: 'task.init_addr', address } as const;
    const isNamed = comm === 'swapper' || comm === 'swapper/0';
    this.expect(isNamed, { kind: 'init-task-name', ...at, expected: 'swapper/0', received: comm });
    const isZero = pid === 0 && init.tgid === 0;
    this.expect(isZero, { kind: 'init-task-pid', ...at, expected: 0, received: pid });
    this.confirm({
      what: 'init_task',
      value: { virtual: address },
      evidence: `its name is "${comm}", its pid ${pid}`,
    });
  }

  private withoutInitTask(reason: OsiError): void {
    const { listStart } = this.kernel;
    if (listStart === undefined) {
      this.contradictions.push({ kind: 'unreadable', structure: 'init_task', reason });
      return;
    }
    const evidence = `pid ${new Task(this.kernel, listStart).pid} names it as its parent`;
    this.confirm({ what: 'init_task', value: 'not in the dump', evidence });
  }

  /** One end of the ring must agree; the other may be damaged. Both may be missing from the dump. */
  taskList(): void {
    this.try('task_struct.tasks', () => {
      const head = findInitTask(this.kernel).listHead('task.tasks_offset');
      const word = BigInt(this.kernel.memory.architecture.wordSize);
      const [first, last] = [this.end(head, 0n, word), this.end(head, word, 0n)];
      const agrees = first === 'agrees' || last === 'agrees';
      const wrong = first === 'contradicts' || last === 'contradicts';
      this.expect(agrees || !wrong, { kind: 'task-list-open', address: head });
      if (first === 'agrees') this.firstProcess(this.word(head));
      else if (!wrong) this.missing('task_struct.tasks', 'neither neighbour can be read');
    });
  }

  private end(head: VirtualAddress, ahead: bigint, back: bigint): 'agrees' | 'contradicts' | 'missing' {
    return attempt(
      () => (this.word(this.word(head + ahead) + back) === head ? 'agrees' : 'contradicts'),
      ({ code }) => (HOLE_CODES.has(code) ? 'missing' : 'contradicts'),
    );
  }

  private firstProcess(node: VirtualAddress): void {
    const offset = BigInt(requireKey(this.kernel.info, 'task.tasks_offset'));
    const task = new Task(this.kernel, node - offset);
    const [parent, init] = [task.realParent.address, findInitTask(this.kernel).address];
    this.expect(task.tgid === 1, { kind: 'first-process-pid', expected: 1, received: task.tgid });
    this.expect(parent === init, { kind: 'first-process-parent', expected: init, received: parent });
    this.confirm({
      what: 'task-list',
      title: 'task list',
      value: { virtual: task.address },
      evidence: 'pid 1 follows init_task and is its child',
    });
  }

  kernelName(): void {
    const name = this.kernel.info['name'];
    if (name === undefined) return;
    if (this.kernel.info['uts.init_addr'] === undefined) this.nameAgainstBanner(name);
    else this.nameAgainstUts(name);
  }

  private nameAgainstUts(name: string): void {
    this.try('init_uts_ns', () => this.compareUts(name, readUtsname(this.kernel)));
  }

  private compareUts(name: string, uts: Utsname): void {
    const told = parseKernelName(name);
    const kernel = `${uts.release} ${uts.version} ${uts.machine}`;
    const agrees = uts.version === told.version && (told.release ?? uts.release) === uts.release;
    const by = { key: 'name', by: 'init_uts_ns' } as const;
    this.expect(agrees, { kind: 'kernel-name', ...by, expected: name, received: kernel });
    this.machine(told.machine, { kind: 'machine', ...by, expected: told.machine, received: uts.machine });
    this.confirm({ what: 'kernel', value: kernel, evidence: 'init_uts_ns, and the name of the profile' });
  }

  /** Without the address of `init_uts_ns`, it is looked for by its shape. */
  private nameAgainstBanner(name: string): void {
    const { info, memory } = this.kernel;
    const told = parseKernelName(name);
    const { name: machine } = memory.architecture;
    const by = { key: 'name', by: 'page-tables' } as const;
    this.machine(told.machine, { kind: 'machine', ...by, expected: told.machine, received: machine });
    const init = requireKey(info, 'task.init_addr');
    const uts = findUtsname(memory, init);
    if (uts === undefined) this.compareBanners(name, init);
    else this.compareUts(name, uts);
  }

  /** A program of the guest can write a text like a banner, but it cannot take the kernel's own away. */
  private compareBanners(name: string, init: VirtualAddress): void {
    const told = parseKernelName(name);
    let first: string | undefined;
    for (const { text, address } of eachBannerNear(this.kernel.memory, init)) {
      first ??= text;
      if (!text.includes(told.version) || !text.includes(told.release ?? '')) continue;
      this.confirm({ what: 'kernel', value: text, evidence: address });
      return;
    }
    if (first === undefined) return;
    this.expect(false, { kind: 'kernel-name', key: 'name', by: 'banner', expected: name, received: first });
  }

  /** A name without a machine is of any. */
  private machine(
    expected: string | undefined,
    contradiction: Extract<Contradiction, { kind: 'machine' | 'kernel-name' }>,
  ): void {
    const { received } = contradiction;
    this.expect(sameMachine(expected ?? received, received), contradiction);
  }

  /**
   * Runs one check. If an address of the profile is not mapped, the profile is contradicted; a hole in the
   * dump does not contradict it.
   */
  private try(structure: CheckedStructure, check: () => void): void {
    attempt(check, (reason) => {
      if (HOLE_CODES.has(reason.code)) this.missing(structure, reason.message);
      else this.contradictions.push({ kind: 'unreadable', structure, reason });
    });
  }

  private expect(holds: boolean, contradiction: Contradiction): void {
    if (!holds) this.contradictions.push(contradiction);
  }

  private missing(what: CheckedStructure, evidence: string): void {
    this.confirm({ what, value: 'not in the dump', evidence });
  }

  private confirm(finding: Finding): void {
    this.findings.push(finding);
  }

  private word(address: VirtualAddress): bigint {
    return new StructView(this.kernel.memory, address).word(0);
  }
}
