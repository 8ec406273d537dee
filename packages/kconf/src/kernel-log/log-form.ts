/** How a log keeps its messages: a line each, or inside records of several lines. */
export interface LogForm {
  /** The program that prints it. */
  readonly name: string;
  /** The message that a line holds; `undefined` for a line of the form that holds none. */
  readonly message: (line: string) => string | undefined;
}

/** The most that a line of a log may have; longer ones are not looked into. A journal's JSON record has 1 KiB. */
export const LINE_LIMIT = 16_384;

/** A line each, with a message behind any prefix of a logger. */
export const PLAIN_LINES: LogForm = { name: 'lines', message: (line) => line };

/** Every form; the last takes any line. */
export const LOG_FORMS: readonly LogForm[] = [
  { name: 'dmesg --json, journalctl -o json-pretty', message: jsonMember },
  { name: 'journalctl -o json', message: journalRecord },
  { name: 'journalctl -o verbose, -o export', message: (line) => /^ *MESSAGE=(.*)$/s.exec(line)?.[1] },
  PLAIN_LINES,
];

/** `         "msg": "task.size = 9792"`, a line of its own. */
function jsonMember(line: string): string | undefined {
  const text = /^[ \t]*"(?:msg|MESSAGE)" ?: ?("(?:[^"\\]|\\.)*"),?\r?$/.exec(line)?.[1];
  return text === undefined ? undefined : asText(parseJson(text));
}

/** `{ ..., "MESSAGE":"task.size = 9792" }`. */
function journalRecord(line: string): string | undefined {
  if (!line.startsWith('{') || !line.includes('"MESSAGE"')) return undefined;
  const record = parseJson(line);
  return typeof record === 'object' && record !== null && 'MESSAGE' in record
    ? asText(record.MESSAGE)
    : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
