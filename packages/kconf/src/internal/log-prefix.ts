const ESCAPE_SEQUENCE = /\x1b\[[0-9;]{0,16}[A-Za-z]/g;

/** What loggers put before a message, in the order in which they put it; each is tried once at the start. */
const PREFIXES: readonly RegExp[] = [
  // indentation of a quoted log
  /^[ \t]+/,
  // journalctl -k, syslog: "Nov 22 12:00:00 host kernel: ", or an ISO date
  /^(?:[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\dT[\d:.,+Z-]{8,24}) \S{1,255} kernel: ?/,
  // the raw level: "<6>"
  /^<\d{1,4}>/,
  // dmesg -x: "kern  :info  : "
  /^[a-z0-9]{1,8} *:[a-z]{1,7} *: /,
  // dmesg: "[  166.803659] "; -T: "[Sun Nov 22 12:00:00 2026] "; -d: "[  166.803659 <    0.000665>] "
  /^\[ *\d{1,12}\.\d{1,9}(?: <[ \d.+]{1,20}>)?\] ?/,
  /^\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}\] ?/,
  // dmesg --time-format iso: "2026-11-22T12:00:00,803659+00:00 "
  /^\d{4}-\d\d-\d\dT[\d:.,+Z-]{8,24} /,
  // CONFIG_PRINTK_CALLER: "[    T1] ", "[    C0] "
  /^\[ *[TC]\d{1,10}\] ?/,
];

/** The message of a log line without what loggers put before it, and without blanks at its end. */
export function stripLogPrefix(line: string): string {
  let text = line.includes('\x1b') ? line.replace(ESCAPE_SEQUENCE, '') : line;
  for (const prefix of PREFIXES) text = text.replace(prefix, '');
  return trimEnd(text);
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
