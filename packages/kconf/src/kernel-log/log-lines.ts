/** A part of a log. */
export interface LogStretch {
  /** Where it starts. */
  readonly from: number;
  /** Where it ends, at the end of a line. */
  readonly to: number;
  /** Line number of its first line, from 1. */
  readonly line: number;
}

/** A line of a log, without its line feed. */
export interface RawLine {
  readonly raw: string;
  /** Line number from 1. */
  readonly line: number;
}

/** The lines of a part of a log with their numbers, without their line feeds. */
export function* eachLogLine(
  text: string,
  { from, to, line: first }: LogStretch,
): Generator<RawLine, void, undefined> {
  for (let at = from, line = first; at < to; line += 1) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed;
    yield { raw: text.slice(at, end), line };
    at = end + 1;
  }
}
