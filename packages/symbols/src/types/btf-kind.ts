/** Kinds of types, as include/uapi/linux/btf.h numbers them. */
export const INT = 1;
export const PTR = 2;
export const ARRAY = 3;
export const STRUCT = 4;
export const UNION = 5;
export const ENUM = 6;
export const TYPEDEF = 8;
export const VOLATILE = 9;
export const CONST = 10;
export const RESTRICT = 11;
export const VAR = 14;
export const DATASEC = 15;
export const TYPE_TAG = 18;
export const ENUM64 = 19;

const KINDS = 128;
/** Bytes between the head of a type and its elements: INT, ARRAY, VAR, DECL_TAG. */
const INFO_SIZES: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 };
/** Bytes of an element: STRUCT, UNION, ENUM, FUNC_PROTO, DATASEC, ENUM64. */
const ELEMENT_SIZES: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };
const KNOWN_KINDS = 19;

/** How long types are by their kind, in words of 32 bits. */
export interface BtfKindSizes {
  /** Words of the head and of the part before the elements; 0 for a kind that is not known. */
  readonly fixed: Uint8Array;
  /** Words of an element. */
  readonly element: Uint8Array;
}

/** Words of the head of a type: name, info, size or type. */
export const HEAD = 3;

/**
 * Sizes of the known kinds, and of the others as the layout section gives them: a `struct btf_layout` a kind,
 * of `u8 info_sz`, `u8 elem_sz`, `u16 flags`.
 */
export function kindSizes(layout: Uint8Array): BtfKindSizes {
  const sizes = { fixed: new Uint8Array(KINDS), element: new Uint8Array(KINDS) };
  for (let kind = 1; kind <= KNOWN_KINDS; kind++) {
    sizes.fixed[kind] = HEAD + (INFO_SIZES[kind] ?? 0) / 4;
    sizes.element[kind] = (ELEMENT_SIZES[kind] ?? 0) / 4;
  }
  for (let kind = KNOWN_KINDS + 1; kind < Math.min(KINDS, layout.length >> 2); kind++) {
    const [info, element] = [layout[kind * 4] ?? 0, layout[kind * 4 + 1] ?? 0];
    // Types stay aligned to 4 bytes; a kind that would not is as good as unknown.
    if (info % 4 !== 0 || element % 4 !== 0) continue;
    sizes.fixed[kind] = HEAD + info / 4;
    sizes.element[kind] = element / 4;
  }
  return sizes;
}
