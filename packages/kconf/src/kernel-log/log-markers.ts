import { LINE_LIMIT, LOG_FORMS, type LogForm } from './log-form';
import { type LogMessage, splitLogLine } from './log-line';

const WORD = 'KERNELINFO-';
const MARKER = /^-{2,3}KERNELINFO-(BEGIN|END)-{2,3}$/;

/** A line that begins or ends a block. */
export interface LogMarker {
  readonly which: 'BEGIN' | 'END';
  /** Line number from 1. */
  readonly line: number;
  /** Where the line starts in the text. */
  readonly start: number;
  /** Where the next line starts. */
  readonly next: number;
  /** How the log keeps its messages. */
  readonly form: LogForm;
  /** Messages on the same line that belong to the block: after a BEGIN, before an END. */
  readonly glued: readonly LogMessage[];
}

/** A whole block: its two ends. */
export interface BlockEnds {
  readonly begin: LogMarker;
  readonly end: LogMarker;
}

/** So many ends of cut blocks are kept. */
const STRAY_LIMIT = 1000;

/** The blocks of a log; however many there are, only the last ones are kept. */
export class LogMarkers {
  /** How many whole blocks there are. */
  blocks = 0;
  /** The last whole block, and the one before. */
  last: BlockEnds | undefined;
  previous: BlockEnds | undefined;
  /** The markers behind the last whole block, or all if there is no such block. */
  strays: LogMarker[] = [];
  /** The last two markers of all. */
  final: LogMarker | undefined;
  beforeFinal: LogMarker | undefined;
  /** The first line that names a block without being an end of one. */
  mention: number | undefined;

  /** Takes the next marker. */
  add(marker: LogMarker): void {
    if (marker.which === 'END' && this.final?.which === 'BEGIN') {
      this.blocks += 1;
      this.previous = this.last;
      this.last = { begin: this.final, end: marker };
      this.strays = [];
    } else if (this.strays.length < STRAY_LIMIT) this.strays.push(marker);
    this.beforeFinal = this.final;
    this.final = marker;
  }
}

/** Finds the lines that begin and end blocks. Time grows with the log's length alone. */
export function findMarkers(text: string): LogMarkers {
  const markers = new LogMarkers();
  const counter = new LineCounter(text);
  for (let at = text.indexOf(WORD); at >= 0; ) {
    const line = counter.lineAt(at);
    const { start, end } = counter;
    const found = end - start > LINE_LIMIT ? undefined : markerOf(text.slice(start, end));
    if (found === undefined) markers.mention ??= line;
    else markers.add({ ...found, line, start, next: end + 1 });
    // A line has one marker at most; to look for a second one would make long lines slow.
    at = text.indexOf(WORD, end);
  }
  return markers;
}

function markerOf(line: string): Pick<LogMarker, 'which' | 'form' | 'glued'> | undefined {
  for (const form of LOG_FORMS) {
    const message = form.message(line);
    if (message === undefined) continue;
    const messages = splitLogLine(message);
    const index = messages.findIndex(({ text }) => MARKER.test(text));
    const which = MARKER.exec(messages[index]?.text ?? '')?.[1];
    if (which === 'BEGIN') return { which, form, glued: messages.slice(index + 1) };
    if (which === 'END') return { which, form, glued: messages.slice(0, index) };
  }
  return undefined;
}

/** Counts lines up to places that only go forward. */
class LineCounter {
  /** Where the current line starts. */
  start = 0;
  /** Where its line feed is, or the text ends. */
  end: number;
  private readonly text: string;
  private line = 1;

  constructor(text: string) {
    this.text = text;
    this.end = this.endFrom(0);
  }

  lineAt(place: number): number {
    while (this.end < place) {
      this.start = this.end + 1;
      this.end = this.endFrom(this.start);
      this.line += 1;
    }
    return this.line;
  }

  private endFrom(start: number): number {
    const feed = this.text.indexOf('\n', start);
    return feed < 0 ? this.text.length : feed;
  }
}
