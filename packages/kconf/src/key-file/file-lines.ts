const LF = 0x0a;
const CR = 0x0d;

/** One line of a file, by its place in the bytes. */
export interface FileLine {
  /** Line number from 1. */
  readonly number: number;
  /** First byte of the line. */
  readonly start: number;
  /** First byte after the text of the line, as GLib cuts it: one CR before the LF does not belong to it. */
  readonly end: number;
  /** First byte of the next line. */
  readonly next: number;
}

/** The lines of a file in order; an unfinished last line counts, and keeps a CR that it ends in. */
export function* eachLine(bytes: Uint8Array): Generator<FileLine, void, undefined> {
  let start = 0;
  for (let number = 1; start < bytes.length; number += 1) {
    const feed = bytes.indexOf(LF, start);
    const next = feed < 0 ? bytes.length : feed + 1;
    let end = feed < 0 ? bytes.length : feed;
    if (feed > start && bytes[feed - 1] === CR) end -= 1;
    yield { number, start, end, next };
    start = next;
  }
}
