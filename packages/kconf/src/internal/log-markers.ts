import { stripLogPrefix } from './log-prefix';

const WORD = 'KERNELINFO-';
const MARKER = /^-{2,3}KERNELINFO-(BEGIN|END)-{2,3}$/;
/** A line with a marker is short; a longer one is not looked at. */
const LINE_LIMIT = 1024;

/** A line that begins or ends a block. */
export interface LogMarker {
  readonly which: 'BEGIN' | 'END';
  /** Line number from 1. */
  readonly line: number;
  /** Where the line starts in the text. */
  readonly start: number;
  /** Where the next line starts. */
  readonly next: number;
}

/** The lines that begin and end blocks, in order. Time and memory grow with the log's length alone. */
export function findMarkers(text: string): LogMarker[] {
  const markers: LogMarker[] = [];
  const counter = new LineCounter(text);
  for (let at = text.indexOf(WORD); at >= 0; ) {
    const line = counter.lineAt(at);
    const { start, end } = counter;
    const which = end - start > LINE_LIMIT ? undefined : markerOf(text.slice(start, end));
    if (which !== undefined) markers.push({ which, line, start, next: end + 1 });
    // A line has one marker at most; to look for a second one would make long lines slow.
    at = text.indexOf(WORD, end);
  }
  return markers;
}

function markerOf(line: string): LogMarker['which'] | undefined {
  const which = MARKER.exec(stripLogPrefix(line))?.[1];
  return which === 'BEGIN' || which === 'END' ? which : undefined;
}

/** Counts lines up to places that only go forward. */
class LineCounter {
  /** Where the current line starts. */
  start = 0;
  /** Where its line feed is, or the text ends. */
  end: number;
  readonly #text: string;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
    this.end = this.#endFrom(0);
  }

  lineAt(place: number): number {
    while (this.end < place) {
      this.start = this.end + 1;
      this.end = this.#endFrom(this.start);
      this.#line += 1;
    }
    return this.#line;
  }

  #endFrom(start: number): number {
    const feed = this.#text.indexOf('\n', start);
    return feed < 0 ? this.#text.length : feed;
  }
}
