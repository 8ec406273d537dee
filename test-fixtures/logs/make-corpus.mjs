// node test-fixtures/logs/make-corpus.mjs: makes the logs of corpus/ from the raw ones there, which real guests printed.
// Needs dmesg (util-linux) and journalctl with systemd-journal-remote: the prefixes are what these tools print.
// What is expected is cut out of the raw logs by one expression; what is written by hand says so in README.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('corpus/', import.meta.url));
const remote = process.env.JOURNAL_REMOTE ?? '/lib/systemd/systemd-journal-remote';
const scratch = mkdtempSync(join(tmpdir(), 'make-corpus-'));
const RAW = /^<(\d+)>\[ *(\d+)\.(\d{6})\] (.*)$/;
/** Noon of the day on which the guests ran, in seconds. */
const BOOT = Date.UTC(2026, 10, 22, 12, 0, 0) / 1000;

const path = (name) => join(folder, name);
const readRaw = (name) => readFileSync(path(`raw-debian-${name}.log`), 'utf8');
const rows = (raw) =>
  raw
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, level, seconds, fraction, text] = RAW.exec(line);
      return { level, seconds, fraction, stamp: `${seconds.padStart(5)}.${fraction}`, text };
    });

function blockOf(raw) {
  const texts = rows(raw).map(({ text }) => text);
  const begin = texts.indexOf('--KERNELINFO-BEGIN--');
  return texts.slice(begin + 1, texts.indexOf('---KERNELINFO-END---'));
}

const section = (raw) => ['[corpus]', ...blockOf(raw), ''].join('\n');

/** A log that is taken: its section, and the findings that reading it leaves, as [severity, line, part of the text]. */
function taken(name, log, raw, notes = []) {
  writeFileSync(path(`${name}.log`), log);
  writeFileSync(path(`${name}.conf`), section(raw));
  if (notes.length > 0) writeFindings(`${name}.notes.json`, notes);
}

function refused(name, log, findings) {
  writeFileSync(path(`${name}.log`), log);
  writeFindings(`${name}.error.json`, findings);
}

function writeFindings(name, findings) {
  const list = findings.map((each) => `  [${each.map((part) => JSON.stringify(part)).join(', ')}]`);
  writeFileSync(path(name), `[\n${list.join(',\n')}\n]\n`);
}

/** What dmesg prints of a raw log. */
function dmesg(raw, ...options) {
  const file = join(scratch, 'raw.log');
  writeFileSync(file, raw);
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
  // Dates count from the boot of the machine that this runs on.
  return execFileSync('dmesg', ['-F', file, '--nopager', ...options], { env, encoding: 'utf8' });
}

/** What journalctl prints of a raw log. */
function journalctl(raw, ...options) {
  const [entries, journal] = [join(scratch, 'entries'), join(scratch, 'k.journal')];
  const id = '0123456789abcdef0123456789abcdef';
  const text = rows(raw).map(({ level, seconds, fraction, text }, index) => {
    const us = Number(seconds) * 1_000_000 + Number(fraction);
    const cursor = `s=${id};i=${(index + 1).toString(16)};b=${id};m=${us.toString(16)};t=0;x=${index}`;
    const fields = [
      `__CURSOR=${cursor}`,
      `__REALTIME_TIMESTAMP=${BOOT * 1_000_000 + us}`,
      `__MONOTONIC_TIMESTAMP=${us}`,
      `_BOOT_ID=${id}`,
      `_MACHINE_ID=${id}`,
      '_HOSTNAME=guest',
      '_TRANSPORT=kernel',
      `PRIORITY=${level}`,
      'SYSLOG_FACILITY=0',
      'SYSLOG_IDENTIFIER=kernel',
      `_SOURCE_MONOTONIC_TIMESTAMP=${us}`,
      `MESSAGE=${text}`,
    ];
    return `${fields.join('\n')}\n\n`;
  });
  writeFileSync(entries, text.join(''));
  rmSync(journal, { force: true });
  execFileSync(remote, ['-o', journal, entries], { stdio: 'ignore' });
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
  return execFileSync('journalctl', ['--no-pager', '--file', journal, ...options], { env, encoding: 'utf8' });
}

const map = (raw, print) =>
  rows(raw)
    .map((row, index) => `${print(row, index)}\n`)
    .join('');
const clock = (row, base = BOOT) => new Date((base + Number(row.seconds)) * 1000).toISOString().slice(11, 19);

const [bullseye, first, second] = [
  readRaw('5.10-amd64'),
  readRaw('6.1-amd64-first-boot'),
  readRaw('6.1-amd64-second-boot'),
];
const [trixie, sid, i386, pae] = [
  readRaw('6.12-amd64'),
  readRaw('7.2-amd64'),
  readRaw('6.1-i386'),
  readRaw('6.1-i386-pae'),
];
const plain = (raw) => dmesg(raw);
const lineOf = (log, part) => log.split('\n').findIndex((line) => line.includes(part)) + 1;
const lines = (log) => log.trimEnd().split('\n');

function realLogs() {
  const all = { '5.10-amd64': bullseye, '6.1-amd64-first-boot': first, '6.1-amd64-second-boot': second };
  Object.assign(all, { '6.12-amd64': trixie, '7.2-amd64': sid, '6.1-i386': i386, '6.1-i386-pae': pae });
  for (const [name, raw] of Object.entries(all)) writeFileSync(path(`raw-debian-${name}.conf`), section(raw));
  writeFileSync(path('console-debian-5.10-amd64.conf'), section(bullseye));
  writeFileSync(path('console-debian-6.1-i386.conf'), section(i386));
}

function dmesgForms() {
  const forms = [
    ['dmesg', trixie],
    ['dmesg-ctime', first, '-T'],
    ['dmesg-ctime-delta', second, '-T', '-d'],
    ['dmesg-delta', bullseye, '-d'],
    ['dmesg-reltime', sid, '-e'],
    ['dmesg-decode', i386, '-x'],
    ['dmesg-decode-ctime', pae, '-x', '-T'],
    ['dmesg-notime', trixie, '-t'],
    ['dmesg-notime-delta', first, '-t', '-d'],
    ['dmesg-iso', second, '--time-format', 'iso'],
    ['dmesg-decode-iso', bullseye, '-x', '--time-format', 'iso'],
    ['dmesg-color', sid, '-L=always'],
    ['dmesg-human-color', i386, '-H', '-L=always'],
  ];
  for (const [name, raw, ...options] of forms) taken(name, dmesg(raw, ...options), raw);
  const record = ({ level, stamp, text }) =>
    `{\n         "pri": ${level},\n         "time": ${stamp.padStart(12)},\n         "msg": ${JSON.stringify(text)}\n      }`;
  const records = rows(trixie).map(record).join(',');
  taken('dmesg-json', `{\n   "dmesg": [\n      ${records}\n   ]\n}\n`, trixie);
  const kmsg = ({ level, seconds, fraction, text }, index) =>
    `${level},${400 + index},${Number(seconds) * 1e6 + Number(fraction)},-;${text}`;
  taken('dev-kmsg', map(sid, kmsg), sid);
}

function journalForms() {
  const forms = ['short', 'short-full', 'short-iso', 'short-iso-precise', 'short-precise', 'short-monotonic'];
  const guests = [first, second, trixie, sid, i386, pae, bullseye];
  [...forms, 'short-unix', 'short-delta', 'with-unit', 'cat', 'json', 'json-pretty', 'verbose'].forEach(
    (form, index) => {
      const raw = guests[index % guests.length];
      taken(`journalctl-${form}`, journalctl(raw, '-o', form), raw);
    },
  );
  taken('journalctl-no-hostname', journalctl(pae, '--no-hostname'), pae);
}

function syslogForms() {
  taken(
    'syslog',
    map(trixie, (row) => `Nov 22 ${clock(row)} guest kernel: [${row.stamp}] ${row.text}`),
    trixie,
  );
  const iso = (row) =>
    `2026-11-22T${clock(row)}.${row.fraction}+00:00 guest kernel: [${row.stamp}] ${row.text}`;
  taken('syslog-iso', map(first, iso), first);
  const rfc5424 = (row) =>
    `<6>1 2026-11-22T${clock(row)}.${row.fraction}+00:00 guest kernel - - - [${row.stamp}] ${row.text}`;
  taken('syslog-rfc5424', map(second, rfc5424), second);
  taken(
    'syslog-busybox',
    map(i386, (row) => `Nov 22 ${clock(row)} guest kern.info kernel: [${row.stamp}] ${row.text}`),
    i386,
  );
  taken(
    'syslog-openwrt',
    map(pae, (row) => `Sun Nov 22 ${clock(row)} 2026 kern.info kernel: [${row.stamp}] ${row.text}`),
    pae,
  );
  taken(
    'syslog-first-of-month',
    map(sid, (row) => `Dec  1 ${clock(row)} guest kernel: [${row.stamp}] ${row.text}`),
    sid,
  );
}

function printkForms() {
  taken(
    'printk-caller',
    map(bullseye, (row) => `[${row.stamp}][  T812] ${row.text}`),
    bullseye,
  );
  taken(
    'printk-caller-raw',
    map(sid, (row) => `<${row.level}>[${row.stamp}][    C0] ${row.text}`),
    sid,
  );
  taken(
    'printk-time-off',
    map(i386, ({ text }) => text),
    i386,
  );
  taken(
    'printk-time-off-raw',
    map(trixie, ({ level, text }) => `<${level}>${text}`),
    trixie,
  );
  taken(
    'raw-facility',
    map(first, ({ stamp, text }) => `<30>[${stamp}] ${text}`),
    first,
  );
}

/** A line put behind the first one that has a part. */
function behind(log, part, ...more) {
  const list = log.split('\n');
  list.splice(lineOf(log, part), 0, ...more);
  return list.join('\n');
}

function consoleForms() {
  const crlf = plain(trixie).replaceAll('\n', '\r\n');
  const noise = ['\r', 'Debian GNU/Linux 13 guest ttyS0\r', '\r', 'guest login: \r'];
  const status =
    '[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mssh.service\x1b[0m - OpenBSD Secure Shell server.\r';
  const noisy = behind(behind(crlf, 'task.size', ...noise), 'mm.size', status);
  const coloured = noisy.replace(/^(.*vma\.size.*)$/m, '\x1b[0;33m$1\x1b[0m');
  const left = (part) => ['warning', lineOf(coloured, part), 'ignored a line of another part'];
  taken('console-noise', coloured, trixie, [left('Debian GNU'), left('login:'), left('ssh.service')]);
  const prompt = crlf.replace(/^(.* task\.pid_offset.*)$/m, 'guest login: $1');
  taken('console-prompt', prompt, trixie, [
    ['warning', lineOf(prompt, 'login:'), 'ignored a line of another part'],
  ]);
  const beginning = crlf.replace(/^(.*KERNELINFO-BEGIN.*)$/m, 'root@guest:~# $1');
  taken('console-prompt-begin', beginning, trixie);
  const usb = '[    3.900000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\r\n';
  const racing = crlf.replace(/^(.*task\.size = \d+)\r\n/m, `$1${usb}`);
  const where = lineOf(racing, 'task.size');
  refused('console-glued', racing, [
    ['error', where, 'continues in the same line'],
    ['warning', where, 'ignored a line of another part'],
  ]);
  const bare = map(trixie, ({ text }) => text)
    .replace('task.pid_offset', '\0')
    .replace(/\n\0/, 'task.pid_offset');
  refused('console-glued-time-off', bare, [
    ['error', lineOf(bare, 'task.pid_offset'), 'task.pid_offset continues'],
  ]);
  const end = crlf.replace(/\r\n(.*KERNELINFO-END)/, '$1');
  refused('console-glued-end', end, [['error', lineOf(end, 'KERNELINFO-END'), 'continues in the same line']]);
}

function strangeButWhole() {
  const log = plain(first);
  const audit = '[    2.060000] audit: type=1400 audit(1795348800.000:2): apparmor="STATUS"';
  const oops = '[    2.060001] #PF: supervisor read access in kernel mode';
  const mixed = behind(log, 'task.size', audit, oops);
  const at = lineOf(mixed, 'audit:');
  taken('other-subsystems', mixed, first, [
    ['warning', at, 'ignored a line of another part'],
    ['warning', at + 1, 'ignored a line of another part'],
  ]);
  const long = behind(log, 'task.size', `[    2.060000] ${'x'.repeat(20_000)}`);
  taken('long-line', long, first, [['warning', lineOf(long, 'xxxx'), 'ignored a line of another part']]);
  taken('no-final-newline', log.slice(0, log.indexOf('END---') + 6), first);
  taken('nul-bytes', `${'\0'.repeat(2000)}${log.replaceAll('\n', '\n\0\0')}`, first);
  taken('byte-order-mark', `\uFEFF${lines(log).slice(4).join('\n')}\n`, first);
  taken('indented', log.replace(/^/gm, '    '), first);
  taken('three-dashes', log.replace('--KERNELINFO-BEGIN--', '---KERNELINFO-BEGIN---'), first);
  const both = plain(first) + plain(second);
  const last = both.lastIndexOf('--KERNELINFO-BEGIN');
  const begin = both.slice(0, last).split('\n').length;
  taken('two-boots', both, second, [
    ['warning', begin, '2 complete blocks; the last one is used, the one before it (line 5) differs'],
  ]);
  const twins = plain(bullseye) + lines(plain(bullseye)).slice(4).join('\n');
  const twin = lines(plain(bullseye)).length + 1;
  taken('twin-blocks', `${twins}\n`, bullseye, [['warning', twin, 'the one before it is the same']]);
  const tail = `${plain(first)}${lines(plain(second)).slice(4, 40).join('\n')}\n`;
  taken('whole-then-cut', tail, first, [['warning', lines(plain(first)).length + 1, 'cut off']]);
  taken('cut-then-whole', `${lines(plain(first)).slice(30).join('\n')}\n${plain(second)}`, second);
  const same = behind(
    log,
    'path.d_name_offset',
    lines(log).find((line) => line.includes('path.d_name_offset')),
  );
  writeFileSync(path('key-twice-same.log'), same);
  const twice = lineOf(same, 'path.d_name_offset') + 1;
  const conf = behind(
    section(first),
    'path.d_name_offset',
    blockOf(first).find((line) => line.startsWith('path.d_name_offset')),
  );
  writeFileSync(path('key-twice-same.conf'), conf);
  writeFindings('key-twice-same.notes.json', [
    ['warning', twice, `line ${twice - 1} already has the key path.d_name_offset, with the same value`],
  ]);
}

function refusedLogs() {
  const log = plain(second);
  refused('cut-begin', `${lines(log).slice(30).join('\n')}\n`, [
    ['error', lines(log).length - 30, 'KERNELINFO-BEGIN is missing'],
  ]);
  refused('cut-end', `${lines(log).slice(0, 40).join('\n')}\n`, [['error', 5, 'KERNELINFO-END is missing']]);
  refused('cut-both', `${lines(log).slice(30, 60).join('\n')}\n`, [['error', 1, 'both markers are missing']]);
  refused('no-block', `${lines(log).slice(0, 4).join('\n')}\n`, [
    ['error', null, 'no KERNELINFO block in the log'],
  ]);
  refused('empty', '', [['error', null, 'the log is empty']]);
  refused('prose', 'Copy it (without the KERNELINFO-BEGIN and KERNELINFO-END lines) into the file.\n', [
    ['error', 1, 'line 1 mentions KERNELINFO'],
  ]);
  const utf16 = Buffer.from(lines(log).slice(0, 12).join('\n'), 'utf16le');
  refused('utf-16', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), [['error', null, 'UTF-16']]);
  refused('utf-16-no-mark', utf16, [['error', null, 'UTF-16']]);
  refused('gzip', gzipSync(log), [['error', null, 'gzip data']]);
  refused('binary', Buffer.from(Uint8Array.from({ length: 600 }, (_, index) => (index * 7) % 32)), [
    ['error', null, 'binary data'],
  ]);
  const twice = log.replace('task.tgid_offset', 'task.pid_offset');
  const pid = lineOf(twice, 'task.pid_offset');
  refused('key-twice', twice, [
    ['error', pid + 1, `line ${pid} already has the key task.pid_offset, with another value`],
  ]);
  const damaged = log.replace('task.comm_offset = ', 'task.comm_offset = \x07');
  refused('damaged-byte', damaged, [['error', lineOf(damaged, 'task.comm_offset'), 'a damaged byte']]);
  const bare = log.replace(/(task\.mm_offset) = \d+/, '$1');
  refused('key-without-value', bare, [['error', lineOf(bare, 'task.mm_offset'), 'a key without a value']]);
  const dropped = behind(log, 'task.size', '** 12 printk messages dropped **');
  refused('printk-dropped', dropped, [['incomplete', lineOf(dropped, '** 12'), 'dropped']]);
  const snipped = log.replace(/\n.*task\.mm_offset.*\n.*\n.*\n/, '\n[...]\n');
  refused('elided', snipped, [['incomplete', lineOf(snipped, '[...]'), 'cut out']]);
}

try {
  realLogs();
  dmesgForms();
  journalForms();
  syslogForms();
  printkForms();
  consoleForms();
  strangeButWhole();
  refusedLogs();
} finally {
  rmSync(scratch, { recursive: true });
}
