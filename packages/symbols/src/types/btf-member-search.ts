import type { BtfTypes } from './btf-types';
import { hashText } from './name-index';

/** A member by its place in the structure that the search began in. */
export interface FoundMember {
  /** Its type's number. */
  readonly type: number;
  /** Bits from the start of the structure. */
  readonly bits: number;
  /** Whether it is a bit field. */
  readonly bitField: boolean;
}

/** Structures without a name are not nested deeper than this. */
const MAX_DEPTH = 32;
/** A search looks into no more structures than this; those of a kernel have some dozens without a name inside. */
const MAX_STRUCTS = 10_000;
const ENCODER = new TextEncoder();

/** A search of one member, with a budget of its own. */
export class BtfMemberSearch {
  private readonly types: BtfTypes;
  private budget = MAX_STRUCTS;

  constructor(types: BtfTypes) {
    this.types = types;
  }

  /** The member that a path of names leads to. */
  find(struct: number, names: readonly string[]): FoundMember | undefined {
    let [type, bits, bitField] = [struct, 0, false];
    if (names.length === 0) return undefined;
    for (const name of names) {
      const text = ENCODER.encode(name);
      const member = this.step(type, { text, hash: hashText(text) }, 0);
      if (member === undefined) return undefined;
      [type, bits, bitField] = [member.type, bits + member.bits, member.bitField];
    }
    return { type, bits, bitField };
  }

  /** Members of structures without a name are members of the one around them; its own come first. */
  private step(struct: number, name: WantedName, depth: number): FoundMember | undefined {
    const members = this.types.membersOf(struct);
    if (members === undefined || depth > MAX_DEPTH || --this.budget < 0) return undefined;
    const { words, at, hashes, nameless, flagged } = members;
    for (let index = hashes.indexOf(name.hash); index >= 0; index = hashes.indexOf(name.hash, index + 1)) {
      const place = at + index * 3;
      if (this.types.isName(words[place] ?? 0, name.text)) return memberAt(words, place, flagged);
    }
    for (const index of nameless) {
      const { type, bits } = memberAt(words, at + index * 3, flagged);
      const inner = this.step(type, name, depth + 1);
      if (inner !== undefined) return { ...inner, bits: bits + inner.bits };
    }
    return undefined;
  }
}

interface WantedName {
  readonly text: Uint8Array;
  readonly hash: number;
}

/** With kind_flag the offset of a member holds the size of a bit field in its top byte. */
function memberAt(words: Uint32Array, place: number, flagged: boolean): FoundMember {
  const [type, raw] = [words[place + 1] ?? 0, words[place + 2] ?? 0];
  return { type, bits: flagged ? raw & 0xffffff : raw, bitField: flagged && raw >>> 24 !== 0 };
}
