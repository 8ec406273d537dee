import type { SchemaRow } from './schema-row';

/** The tree of ids: keys of this project. */
export const PIDS_EXTENSION_ROWS = [
  {
    key: 'pid_ns.init_pid_ns_addr',
    kind: 'address',
    kernelAddress: true,
    expression: 'init_pid_ns',
    doc: 'The first namespace of ids.',
  },
  {
    key: 'pid_ns.xa_head_offset',
    kind: 'offset',
    expression: 'pid_namespace.idr.idr_rt.xa_head',
    doc: 'The tree from ids to `struct pid`. Linux commit 95846ecf9dac ("pid: replace pid bitmap implementation with IDR API") (in v4.15); an xarray since v4.20.',
  },
  {
    key: 'xa_node.shift_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'xa_node.shift',
    doc: 'How many bits of the id lie below a node, one byte.',
  },
  {
    key: 'xa_node.slots_offset',
    kind: 'offset',
    expression: 'xa_node.slots',
    doc: 'Slots of a node.',
  },
  {
    key: 'xa_node.XA_CHUNK_SIZE',
    kind: 'constant',
    expression: 'XA_CHUNK_SIZE',
    alternatives: ['ARRAY_SIZE(xa_node.slots)'],
    doc: 'Slots of a node.',
  },
  {
    key: 'pid.tasks_offset',
    kind: 'offset',
    expression: 'pid.tasks',
    doc: 'First task of an id by kind, hlist_head; the thread itself is the first kind.',
  },
] as const satisfies readonly SchemaRow[];
