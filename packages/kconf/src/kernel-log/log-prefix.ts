// CSI sequences (colours, cursor), and those that choose a character set, as terminals and dmesg --color
// print them.
const ESCAPE_SEQUENCE = /\x1b(?:\[[0-9;?]{0,16}[A-Za-z]|[()][0-9A-B])/g;

/** Seconds, alone or with the difference that dmesg -d and journalctl -o short-delta add. */
const SECONDS = String.raw`[+-]? *\d{1,12}\.\d{1,9}`;
const DELTA = String.raw`<[ +-]*\d{1,12}\.\d{1,9} ?>`;
/** An ISO date: dmesg has a comma before the fraction, syslog a full stop, journalctl no colon in the zone. */
const ISO_DATE = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:\.\d{1,9})?`;
/** Day and month as the C locale abbreviates them, or another. */
const WORD = String.raw`[\p{L}]{1,12}\.?`;

/** The prefixes that loggers put before a message, in their order; each is tried once at the start. */
const PREFIXES: readonly RegExp[] = [
  // a log quoted in a mail: "> ", "> > "
  /^(?: {0,3}>){1,16} ?/,
  // a byte order mark, NUL bytes of a serial line, indentation of a quoted log
  /^[\uFEFF\0 \t]+/,
  // /dev/kmsg and netconsole: "6,1234,2054385,-;"
  /^\d{1,5},\d{1,20},\d{1,20},[^;]{1,64};/,
  // RFC 5424: "<6>1 2026-11-22T12:00:00.123456+00:00 host kernel - - - "
  new RegExp(String.raw`^<\d{1,4}>1 ${ISO_DATE} \S{1,255} kernel(?: (?:-|\d{1,10})){3} ?`),
  // journalctl -k, syslog: "Nov 22 12:00:00 host kernel: ", "2026-11-22T12:00:00+00:00 host kernel: ",
  // "Sun 2026-11-22 12:00:00 UTC host kernel: ", "1795348750.054536 host kernel: ", "[    2.054536] host kernel: ";
  // busybox puts "kern.info" after the host, journalctl --no-hostname and logread leave the host away.
  new RegExp(
    [
      String.raw`^(?:${WORD} +\d{1,2} ${CLOCK}`,
      String.raw`${WORD} ${WORD} +\d{1,2} ${CLOCK} \d{4}`,
      ISO_DATE,
      String.raw`${WORD} \d{4}-\d\d-\d\d ${CLOCK} \S{1,8}`,
      String.raw`\d{1,12}\.\d{6}`,
      String.raw`\[${SECONDS}(?: ${DELTA})?\])(?: \S{1,255})?(?: kern\.[a-z]{1,8})? kernel: ?`,
    ].join('|'),
    'u',
  ),
  // the raw level: "<6>"
  /^<\d{1,4}>/,
  // dmesg -x: "kern  :info  : "
  /^[a-z0-9]{1,8} *:[a-z]{1,7} *: /,
  // dmesg --time-format iso: "2026-11-22T12:00:00,803659+00:00 "
  new RegExp(`^${ISO_DATE} `),
  // dmesg: "[  166.803659] "; -d: "[  166.803659 <    0.000665>] "; -t -d: "[<    0.000665>] "; -e: "[  +0.000665] "
  new RegExp(String.raw`^\[ *(?:${SECONDS}(?: ${DELTA})?|${DELTA})\] ?`),
  // dmesg -T: "[Sun Nov 22 12:00:00 2026] "; -T -d: "[Sun Nov 22 12:00:00 2026 <    0.000665>] "
  new RegExp(String.raw`^\[${WORD} ${WORD} +\d{1,2} \d\d:\d\d:\d\d \d{4}(?: ${DELTA})?\] ?`, 'u'),
  // dmesg -e, where a minute begins: "[Nov22 12:00] "
  new RegExp(String.raw`^\[${WORD} ?\d{1,2} \d\d:\d\d(?::\d\d)?\] ?`, 'u'),
  // CONFIG_PRINTK_CALLER: "[    T1] ", "[    C0] "
  /^\[ *[TC]\d{1,10}\] ?/,
  // Android: "[0:         insmod: 4321] ", "(0)[4321:insmod]", "c0   4321 "
  /^ ?\[ *\d{1,3}: *[^\]]{1,64}: *\d{1,10}\] ?/,
  /^ ?\(\d{1,3}\)\[ *\d{1,10}:[^\]]{1,64}\] ?/,
  /^ ?[cC]\d{1,3} +\d{1,10} +/,
];

/** A line without the marks of a quotation before it: `> `, `> > `. */
export function stripQuote(line: string): string {
  return line.startsWith('>') || line.startsWith(' ') ? line.replace(/^(?: {0,3}>){1,16} ?/, '') : line;
}

/** A line without the sequences that terminals take for commands. */
export function stripEscapeSequences(line: string): string {
  return line.includes('\x1b') ? line.replace(ESCAPE_SEQUENCE, '') : line;
}

/** The message of a log line without the prefixes of loggers, and without blanks at its end. */
export function stripLogPrefix(line: string): string {
  let text = line;
  for (const prefix of PREFIXES) text = text.replace(prefix, '');
  return trimEnd(text);
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\0'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
