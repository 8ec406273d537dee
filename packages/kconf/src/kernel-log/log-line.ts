import { stripEscapeSequences, stripLogPrefix } from './log-prefix';

/** A message of the kernel on a line of a log. */
export interface LogMessage {
  /** The message without the prefix of the logger. */
  readonly text: string;
  /** Whether another message begins on the same line, right behind it: on a console, writers can race. */
  readonly runsOn: boolean;
}

/** The prefix that printk puts before a message on the console: a stamp with six decimals. */
const STAMP = /(?:<\d{1,4}>)?\[ {0,8}\d{1,9}\.\d{6}\](?: ?\[ {0,8}[TC]\d{1,10}\])? /;

/** The messages on a line: one as a rule, none on a blank one, several where a console was raced for. */
export function splitLogLine(line: string): LogMessage[] {
  const messages: LogMessage[] = [];
  // A lone CR takes a terminal back to the start of its line; the text after it is another message.
  for (const part of stripEscapeSequences(line).split('\r')) addMessages(messages, part);
  return messages;
}

/**
 * A level in the text of a record: kernels before v3.5 keep the level of a message that follows a line without a line feed
 * there (`#arch = x86_64<6>task.size = 1060`). It parts two whole records, unlike writers that race for a console.
 */
const LEVEL =
  /(?=<\d{1,2}>(?:#?[a-z]{2,16}[.a-zA-Z0-9_]{0,64} ?=|-{2,3}KERNELINFO-|\[ {0,8}\d{1,9}\.\d{6}\] ))/;

function addMessages(messages: LogMessage[], part: string): void {
  for (const record of part.includes('>') ? part.split(LEVEL) : [part]) addRacing(messages, record);
}

function addRacing(messages: LogMessage[], part: string): void {
  let text = stripLogPrefix(part);
  for (let cut = nextStamp(text); cut >= 0; cut = nextStamp(text)) {
    const before = text.slice(0, cut).trimEnd();
    if (before !== '') messages.push({ text: before, runsOn: true });
    const rest = stripLogPrefix(text.slice(cut));
    // Each turn takes at least the stamp away, so that the loop ends.
    if (rest.length >= text.length) break;
    text = rest;
  }
  if (text !== '') messages.push({ text, runsOn: false });
}

function nextStamp(text: string): number {
  return text.includes('[') ? text.search(STAMP) : -1;
}
