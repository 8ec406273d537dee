import type { GuestMemory } from '../guest-memory';
import { GuestStruct, linkRing } from './guest-struct';

/** A loaded module to lay out. */
export interface ModulePlan {
  readonly name: string;
  readonly base: bigint;
  readonly coreSize: number;
  readonly initSize: number;
  /** MODULE_STATE_LIVE is 0, COMING 1, GOING 2, UNFORMED 3: include/linux/module.h. */
  readonly state: number;
}

/** Modules from the newest on; the one that is still being read is in no row. */
export const MODULES: readonly Omit<ModulePlan, 'base'>[] = [
  { name: 'unformed', coreSize: 4096, initSize: 0, state: 3 },
  { name: 'coming', coreSize: 12345, initSize: 678, state: 1 },
  { name: 'e1000', coreSize: 98304, initSize: 0, state: 0 },
];

/** Lays out the modules, the newest first, and the set that `/sys/module` shows; their `struct module`s, virtual. */
export function layOutModules(memory: GuestMemory, modules: readonly ModulePlan[]): bigint[] {
  const { keys } = memory;
  if (!keys.has('module.modules_addr')) return [];
  const kset = memory.allocate(keys.sizeOf('kset'));
  const structs = modules.map((plan) => layOutModule(memory, plan, kset));
  linkRing(memory, [
    keys.address('module.modules_addr'),
    ...structs.map((struct) => struct.at('module.list_offset')),
  ]);
  const entries = structs.map(
    (struct) => kobjectOf(memory, struct) + BigInt(keys.number('kobject.entry_offset')),
  );
  linkRing(memory, [kset + BigInt(keys.number('kset.list_offset')), ...entries]);
  return structs.map(({ address }) => address);
}

/** `module.mkobj` begins with its kobject, whose `kset` is a list and two words behind its start. */
function kobjectOf({ keys, wordSize }: GuestMemory, struct: GuestStruct): bigint {
  const beforeKset = keys.number('kobject.entry_offset') + 3 * wordSize;
  return struct.at('module.kset_offset') - BigInt(beforeKset);
}

function layOutModule(memory: GuestMemory, plan: ModulePlan, kset: bigint): GuestStruct {
  const { keys } = memory;
  const struct = new GuestStruct(memory, memory.vmalloc(keys.number('module.size')));
  const name = new Uint8Array(keys.number('module.MODULE_NAME_LEN'));
  name.set(new TextEncoder().encode(plan.name));
  struct
    .int('module.state_offset', plan.state)
    .bytes('module.name_offset', name)
    .word('module.core_base_offset', plan.base)
    .int('module.core_size_offset', plan.coreSize)
    .int('module.init_size_offset', plan.initSize)
    .word('module.kset_offset', kset);
  if (keys.has('module.mem_offset')) writeMemories(memory, struct, plan);
  const mkobj = kobjectOf(memory, struct) - BigInt(keys.number('module_kobject.kobj_offset'));
  new GuestStruct(memory, mkobj).word('module_kobject.mod_offset', struct.address);
  return struct;
}

/** The kinds of memory of a module since v6.4: its code, and one other kind. */
function writeMemories(
  memory: GuestMemory,
  struct: GuestStruct,
  { base, coreSize, initSize }: ModulePlan,
): void {
  const { keys } = memory;
  const text = keys.number('module.MOD_TEXT');
  const kinds = keys.number('module.MOD_MEM_NUM_TYPES');
  for (let kind = 0; kind < kinds; kind += 1) {
    const at = struct.at('module.mem_offset') + BigInt(kind * keys.number('module_memory.size'));
    const size = kind === text ? coreSize : kind === kinds - 1 ? initSize : 0;
    new GuestStruct(memory, at)
      .word('module_memory.base_offset', kind === text ? base : 0n)
      .int('module_memory.size_offset', size);
  }
}
