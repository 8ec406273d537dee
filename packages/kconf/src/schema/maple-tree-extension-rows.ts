import type { SchemaRow } from './schema-row';

/** The maple tree, which orders the mappings since v6.1: keys of this project. */
export const MAPLE_TREE_EXTENSION_ROWS = [
  {
    key: 'maple_tree.ma_root_offset',
    kind: 'offset',
    expression: 'maple_tree.ma_root',
    doc: 'The topmost node, or the only entry.',
  },
  {
    key: 'maple_tree.ma_flags_offset',
    kind: 'offset',
    member: 'int',
    expression: 'maple_tree.ma_flags',
    doc: 'Flags of the tree, and its height.',
  },
  {
    key: 'maple_tree.MT_FLAGS_HEIGHT_OFFSET',
    kind: 'constant',
    expression: 'MT_FLAGS_HEIGHT_OFFSET',
    doc: 'First bit of the height in the flags.',
  },
  {
    key: 'maple_tree.MT_FLAGS_HEIGHT_MASK',
    kind: 'constant',
    expression: 'MT_FLAGS_HEIGHT_MASK',
    doc: 'Bits of the height in the flags.',
  },
  {
    key: 'maple_tree.maple_dense',
    kind: 'constant',
    expression: 'maple_dense',
    doc: 'Node type: a slot an index.',
  },
  {
    key: 'maple_tree.maple_leaf_64',
    kind: 'constant',
    expression: 'maple_leaf_64',
    doc: 'Node type: entries by ranges.',
  },
  {
    key: 'maple_tree.maple_range_64',
    kind: 'constant',
    expression: 'maple_range_64',
    doc: 'Node type: nodes by ranges.',
  },
  {
    key: 'maple_tree.maple_arange_64',
    kind: 'constant',
    expression: 'maple_arange_64',
    doc: 'Node type: nodes by ranges, with the gaps below them.',
  },
  {
    key: 'maple_tree.MAPLE_NODE_SLOTS',
    kind: 'constant',
    expression: 'MAPLE_NODE_SLOTS',
    doc: 'Slots of a dense node.',
  },
  {
    key: 'maple_tree.MAPLE_RANGE64_SLOTS',
    kind: 'constant',
    expression: 'MAPLE_RANGE64_SLOTS',
    doc: 'Slots of a leaf or range node.',
  },
  {
    key: 'maple_tree.MAPLE_ARANGE64_SLOTS',
    kind: 'constant',
    expression: 'MAPLE_ARANGE64_SLOTS',
    doc: 'Slots of a range node with gaps.',
  },
  {
    key: 'maple_node.slot_offset',
    kind: 'offset',
    expression: 'maple_node.slot',
    doc: 'Slots of a dense node.',
  },
  {
    key: 'maple_range_64.pivot_offset',
    kind: 'offset',
    expression: 'maple_range_64.pivot',
    doc: 'Last index of each slot of a leaf or range node.',
  },
  {
    key: 'maple_range_64.slot_offset',
    kind: 'offset',
    expression: 'maple_range_64.slot',
    doc: 'Slots of a leaf or range node.',
  },
  {
    key: 'maple_range_64.meta_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'maple_range_64.meta',
    doc: 'Where the slots end, in the bytes of the last one.',
  },
  {
    key: 'maple_arange_64.pivot_offset',
    kind: 'offset',
    expression: 'maple_arange_64.pivot',
    doc: 'Last index of each slot of a range node with gaps.',
  },
  {
    key: 'maple_arange_64.slot_offset',
    kind: 'offset',
    expression: 'maple_arange_64.slot',
    doc: 'Slots of a range node with gaps.',
  },
  {
    key: 'maple_arange_64.meta_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'maple_arange_64.meta',
    doc: 'Where its slots end.',
  },
  {
    key: 'maple_metadata.end_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'maple_metadata.end',
    doc: 'The last slot in use, one byte.',
  },
] as const satisfies readonly SchemaRow[];
