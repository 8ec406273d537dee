import { KERNELINFO_SCHEMA, type KernelInfo } from '@osi-linux/kconf';
import { keyMissing } from './kernel';

type Key = keyof KernelInfo;
type GroupOf<Name> = Name extends `${infer Group}.${string}` ? Group : never;
type MemberOf<Name, Group extends string> = Name extends `${Group}.${infer Member}` ? Member : never;

/** Values by group and member: a key is split at its first dot, and both parts keep their spelling. */
type Nested<Info> = {
  readonly [Group in GroupOf<keyof Info>]: {
    readonly [Name in keyof Info as MemberOf<Name, Group>]: Info[Name];
  };
};

/**
 * Every key of the schema as a plain member: `task.pid_offset` is `layout.task.pid_offset`, and `undefined` where the
 * profile lacks it. Made from the schema, for readers that ask again and again.
 */
export type Layout = Nested<KernelInfo>;

/** A layout that has the given keys for sure. */
export type LayoutWith<Required extends Key> = Layout & Nested<RequiredInfo<Required>>;
type RequiredInfo<Required extends Key> = { readonly [Name in Required]: NonNullable<KernelInfo[Name]> };

/** The members of each group with their keys, in the order of the schema. */
const GROUPS = groupKeys();
/** The same as JSON, each value a small number, as most are: V8 then reads those without looking what they are. */
const TEMPLATE = JSON.stringify(
  Object.fromEntries(
    GROUPS.map(([group, members]) => [group, Object.fromEntries(members.map(([member]) => [member, 0]))]),
  ),
);

const known = new WeakMap<KernelInfo, Layout>();
let lastInfo: KernelInfo | undefined;
let lastLayout: Layout | undefined;

/**
 * The layout of a kernel, made once. A profile has hundreds of keys, so that V8 keeps it as a hash table, and each look
 * into it costs as much as several reads of memory.
 */
export function layoutOf(info: KernelInfo): Layout {
  if (lastInfo === info && lastLayout !== undefined) return lastLayout;
  let layout = known.get(info);
  if (layout === undefined) {
    layout = makeLayout(info);
    known.set(info, layout);
  }
  lastInfo = info;
  lastLayout = layout;
  return layout;
}

/** The layout of a kernel, or `undefined` if the profile lacks one of the keys. */
export function findLayoutWith<Required extends Key>(
  info: KernelInfo,
  keys: readonly Required[],
): LayoutWith<Required> | undefined {
  if (keys.some((key) => info[key] === undefined)) return undefined;
  return layoutOf(info) as LayoutWith<Required>;
}

/**
 * Says that the profile lacks a key, and those that an older kernel has in its place.
 *
 * @throws OsiError `PROFILE_KEY_MISSING`.
 */
export function missingKey(key: Key, ...older: readonly Key[]): never {
  throw keyMissing(key, older);
}

/**
 * One object a group, with all members of the schema in one order: V8 gives the groups of all profiles the same shape
 * then. A parsed object has its members inside itself, and keeps them there as they are assigned; members
 * that are added one by one lie outside, and more than a dozen of them become a hash table.
 */
function makeLayout(info: KernelInfo): Layout {
  const layout = JSON.parse(TEMPLATE) as Record<string, Record<string, KernelInfo[Key]>>;
  for (const [group, members] of GROUPS) {
    const target = layout[group] as Record<string, KernelInfo[Key]>;
    for (const [member, key] of members) target[member] = info[key];
  }
  return layout as unknown as Layout;
}

type Members = [member: string, key: Key][];

function groupKeys(): readonly (readonly [group: string, members: Readonly<Members>])[] {
  const groups = new Map<string, Members>();
  for (const { key } of KERNELINFO_SCHEMA) {
    const dot = key.indexOf('.');
    if (dot < 0) continue;
    const group = key.slice(0, dot);
    const members = groups.get(group) ?? [];
    members.push([key.slice(dot + 1), key as Key]);
    groups.set(group, members);
  }
  return [...groups];
}
