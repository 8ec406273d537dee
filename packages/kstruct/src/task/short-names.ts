import type { StructView } from '../kernel/struct-view';

/** Bytes of a task's name where the profile does not say, unchanged since Linux 2.0: include/linux/sched.h. */
export const TASK_COMM_LEN = 16;

const SLOTS = 1024;
/** Bytes of the names that are kept, TASK_COMM_LEN, as words of 32 bits. */
const WORDS = TASK_COMM_LEN / 4;
/** Spreads the bits of a word over the upper ones: 2^32 divided by the golden ratio. */
const SPREAD = 0x9e3779b1;

/**
 * Texts of 16 bytes by these bytes: making a string costs more than looking it up, and processes share names.
 * The cached text depends on nothing but the bytes.
 */
export class ShortNames {
  private readonly words = new Uint32Array(SLOTS * WORDS);
  private readonly texts: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The C string in a field. @throws OsiError the fault of the first page that is missing. */
  read(view: StructView, offset: number, size: number): string {
    if (size !== TASK_COMM_LEN) return view.text(offset, size);
    const a = view.u32(offset);
    const b = view.u32(offset + 4);
    const c = view.u32(offset + 8);
    const d = view.u32(offset + 12);
    const hash = Math.imul(a ^ Math.imul(b ^ Math.imul(c ^ Math.imul(d, SPREAD), SPREAD), SPREAD), SPREAD);
    const slot = hash >>> 22;
    const { words } = this;
    const at = slot * WORDS;
    const kept = this.texts[slot];
    if (
      kept !== undefined &&
      words[at] === a &&
      words[at + 1] === b &&
      words[at + 2] === c &&
      words[at + 3] === d
    )
      return kept;
    const text = view.text(offset, size);
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    this.texts[slot] = text;
    return text;
  }
}
