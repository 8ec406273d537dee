import { formatAddress, OsiError, type VirtualAddress } from '@osi-linux/core';
import { findInitTask, type Kernel, readUtsname, requireKey, StructView, Task } from '@osi-linux/kstruct';
import type { Finding } from '@osi-linux/memory';
import { findBannerNear } from '../kernel/banner';
import { parseProfileName, sameMachine } from './kernel-name';

/** What speaks for a profile's being of the kernel in memory, and what against. */
export interface ProfileFit {
  /** Each a sentence with the value found and the one expected; a profile with any is refused. */
  readonly contradictions: readonly string[];
  /** What was confirmed. */
  readonly findings: readonly Finding[];
}

/**
 * Holds a profile against the memory that it claims to describe: `init_task` must be where it says and be
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

/** Codes of errors that tell of a hole in the dump, not of the guest's own page tables. */
export const HOLE_CODES: ReadonlySet<string> = new Set([
  'PHYSICAL_HOLE',
  'DUMP_TRUNCATED',
  'PAGE_EXCLUDED',
  'PAGE_DAMAGED',
  'PAGE_TABLE_MISSING',
]);

class FitCheck implements ProfileFit {
  readonly contradictions: string[] = [];
  readonly findings: Finding[] = [];
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Whether the rest is worth checking: nothing can be told where `init_task` itself is missing. */
  initTask(): boolean {
    try {
      const init = findInitTask(this.kernel);
      const at = formatAddress(init.address);
      const { comm } = init;
      this.expect(
        /^swapper(\/0)?$/.test(comm),
        `task.init_addr ${at} has the name "${comm}", expected "swapper/0"`,
      );
      this.expect(init.pid === 0 && init.tgid === 0, `task.init_addr ${at} has pid ${init.pid}, expected 0`);
      this.confirm('init_task', at, `its name is "${comm}", its pid ${init.pid}`);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      const { listStart } = this.kernel;
      if (listStart === undefined) this.contradictions.push(`init_task cannot be read: ${error.message}`);
      else
        this.confirm(
          'init_task',
          'not in the dump',
          `pid ${new Task(this.kernel, listStart).pid} names it as its parent`,
        );
    }
    return this.contradictions.length === 0;
  }

  /** One end of the ring must agree; the other may be damaged. Both may be missing from the dump. */
  taskList(): void {
    this.try('task_struct.tasks', () => {
      const head = findInitTask(this.kernel).listHead('task.tasks_offset');
      const word = BigInt(this.kernel.memory.architecture.wordSize);
      const [first, last] = [this.end(head, 0n, word), this.end(head, word, 0n)];
      const agrees = first === 'agrees' || last === 'agrees';
      const wrong = first === 'contradicts' || last === 'contradicts';
      this.expect(
        agrees || !wrong,
        `task_struct.tasks at ${formatAddress(head)} is not a list: neither neighbour points back`,
      );
      if (first === 'agrees') this.firstProcess(this.word(head));
      else if (!wrong) this.confirm('task_struct.tasks', 'not in the dump', 'neither neighbour can be read');
    });
  }

  private end(head: VirtualAddress, ahead: bigint, back: bigint): 'agrees' | 'contradicts' | 'missing' {
    try {
      return this.word(this.word(head + ahead) + back) === head ? 'agrees' : 'contradicts';
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      return HOLE_CODES.has(error.code) ? 'missing' : 'contradicts';
    }
  }

  private firstProcess(node: VirtualAddress): void {
    const offset = BigInt(requireKey(this.kernel.info, 'task.tasks_offset'));
    const task = new Task(this.kernel, node - offset);
    const [parent, init] = [task.realParent.address, findInitTask(this.kernel).address];
    this.expect(task.tgid === 1, `the first process after init_task has pid ${task.tgid}, expected 1`);
    this.expect(parent === init, `the parent of pid 1 is ${formatAddress(parent)}, expected init_task`);
    this.confirm('task list', formatAddress(task.address), 'pid 1 follows init_task and is its child');
  }

  kernelName(): void {
    const name = this.kernel.info['name'];
    if (name === undefined) return;
    if (this.kernel.info['uts.init_addr'] === undefined) this.nameAgainstBanner(name);
    else this.nameAgainstUts(name);
  }

  private nameAgainstUts(name: string): void {
    this.try('init_uts_ns', () => {
      const told = parseProfileName(name);
      const uts = readUtsname(this.kernel);
      const kernel = `${uts.release} ${uts.version} ${uts.machine}`;
      this.expect(
        uts.version === told.version && (told.release ?? uts.release) === uts.release,
        `the profile is of "${name}", but the kernel is "${kernel}"`,
      );
      this.expect(
        sameMachine(told.machine ?? uts.machine, uts.machine),
        `the profile is of a ${told.machine} kernel, but this one is ${uts.machine}`,
      );
      this.confirm('kernel', kernel, 'init_uts_ns, and the name of the profile');
    });
  }

  private nameAgainstBanner(name: string): void {
    const { info, memory } = this.kernel;
    const told = parseProfileName(name);
    this.expect(
      sameMachine(told.machine ?? memory.architecture.name, memory.architecture.name),
      `the profile is of a ${told.machine} kernel, but the page tables are those of ${memory.architecture.name}`,
    );
    const banner = findBannerNear(memory, requireKey(info, 'task.init_addr'));
    if (banner === undefined) return;
    const agrees = banner.text.includes(told.version) && banner.text.includes(told.release ?? '');
    this.expect(agrees, `the profile is of "${name}", but the guest's banner is "${banner.text}"`);
    this.confirm('kernel', banner.text, banner.place);
  }

  /** Runs one check; what is not mapped where the profile points speaks against it, a hole in the dump does not. */
  private try(what: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      if (HOLE_CODES.has(error.code)) this.confirm(what, 'not in the dump', error.message);
      else this.contradictions.push(`${what} cannot be read: ${error.message}`);
    }
  }

  private expect(holds: boolean, contradiction: string): void {
    if (!holds) this.contradictions.push(contradiction);
  }

  private confirm(what: string, value: string, evidence: string): void {
    this.findings.push({ what, value, evidence });
  }

  private word(address: VirtualAddress): bigint {
    return new StructView(this.kernel.memory, address).word(0);
  }
}
