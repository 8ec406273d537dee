import { OsiError, type VirtualAddress } from '@osi-linux/core';
import { locateKernel } from '@osi-linux/symbols';
import type { Guest } from '../guest';

/**
 * Where a live guest is stopped: at every switch of tasks, or only where a thread begins to run, has executed a program,
 * or has exited.
 */
export type Breakpoints = 'switches' | 'processes';

/** The facts that a watch needs of a kernel besides its profile. */
export interface WatchSymbols {
  /** Where to stop it: virtual addresses. */
  readonly hooks: readonly VirtualAddress[];
  /**
   * Where the kernel counts the threads that it has started (`total_forks`); `undefined` if that is not
   * known.
   */
  readonly forksAt: VirtualAddress | undefined;
}

const SWITCH = 'finish_task_switch';
/** The names that gcc gives to the function if it changes its parameters. */
const SWITCH_NAMES = [
  SWITCH,
  ...[0, 1, 2].flatMap((n) => [`${SWITCH}.isra.${n}`, `${SWITCH}.constprop.${n}`]),
];
/**
 * The first that a new thread executes, and the last of one that has exited: neither is reported without
 * them.
 */
const PROCESS_NAMES = ['schedule_tail', 'do_task_dead'];
/** The end of a successful execve. Without it a program is reported once the next one, or the exit, comes. */
const EXEC = 'finalize_exec';
const FORKS = 'total_forks';
const NAMES = [...SWITCH_NAMES, ...PROCESS_NAMES, EXEC, FORKS];

/**
 * Looks the addresses up in the guest's own symbols; `task.switch_task_hook_addr` of the profile goes before.
 *
 * @throws OsiError `SWITCH_HOOK_UNKNOWN` where `places` are wanted that neither has.
 */
export function findWatchSymbols({ dump, profile }: Guest, places: Breakpoints | undefined): WatchSymbols {
  const { memory, cpus, machine, vmcoreinfo } = dump;
  const { info, memory: mapped } = profile.kernel;
  const symbols = locateKernel({ memory, cpus, machine, vmcoreinfo, symbols: NAMES })?.symbols;
  const found = symbols?.lookup(NAMES) ?? new Map<string, VirtualAddress>();
  const forksAt = found.get(FORKS);
  if (places === undefined) return { hooks: [], forksAt };
  const isMapped = (address: VirtualAddress) => mapped.page(address) !== undefined;
  const addresses = (names: readonly string[]) =>
    names.flatMap((name) => found.get(name) ?? []).filter(isMapped);
  const named = [info['task.switch_task_hook_addr']]
    .filter((address) => address !== undefined)
    .filter(isMapped);
  const switches = named.length > 0 ? named : addresses(SWITCH_NAMES);
  const needed = places === 'switches' ? switches : addresses(PROCESS_NAMES);
  const complete = places === 'switches' ? needed.length > 0 : needed.length === PROCESS_NAMES.length;
  if (!complete) throw hookUnknown(places === 'switches' ? SWITCH : PROCESS_NAMES.join(' and '));
  return { hooks: places === 'switches' ? needed : [...needed, ...addresses([EXEC])], forksAt };
}

function hookUnknown(names: string): OsiError {
  return new OsiError(
    'SWITCH_HOOK_UNKNOWN',
    `the address of ${names} is unknown: the guest's symbols are unreadable or lack it`,
    {
      hint: 'add task.switch_task_hook_addr (finish_task_switch) to the section, or watch without breakpoints',
      fields: { names },
    },
  );
}
