/** Numbers that look random and are the same for the same seed (xorshift32). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const NAMES = [
  'g',
  'debian-3.2.63-i686',
  'ubuntu:4.4.0-98-generic:32',
  'a.b',
  'a|b',
  ' g ',
  'g#1',
  'ä',
  '日本',
  '__proto__',
  '',
];
const KEYS = [
  'name',
  'task.size',
  'task.init_addr',
  'k',
  'k k',
  '#k',
  '; k',
  'k[]',
  'k[C]',
  'k[c]',
  'k[de]',
  'k[é]',
  'k[x',
  'k]',
  'Encoding',
  '',
  'ä',
  '__proto__',
];
const VALUES = [
  '#1 SMP Debian 3.2.51-1 i686',
  '18446744071849473856',
  '-16',
  '0x10',
  '',
  'UTF-8',
  'utf-8',
  'latin1',
  'a;b',
  'a # b',
  '"q"',
  "'q'",
  'a=b',
  '\\s\\q\\',
  'x\u00a0',
  'true',
  '[g]',
];
const BLANKS = ['', '', '', ' ', '  ', '\t', '\f', '\v', '\r', ' \t '];
const ENDINGS = ['\n', '\n', '\n', '\n', '\r\n', '\r\n', '\r\r\n', '\r', '\n\n'];
const STRAY = [
  'stray',
  '; comment',
  '# comment',
  '  # comment',
  '[',
  ']',
  '[]',
  '[g',
  '[a[b]',
  '[g] x',
  '[g]x=1',
  '=1',
  '[...]',
  '\uFEFF',
  '\0',
  'k\0=1',
  'k=1\0x',
  '[g\0]',
  '[g]\0',
  '[g]\0]',
  '[g] \0]',
  '[  166.803659] k = 1',
];
const BYTES = [
  0x80, 0xbf, 0xc3, 0xe2, 0xf0, 0xff, 0x00, 0x7f, 0x1f, 0x5b, 0x5d, 0x3d, 0x20, 0x0a, 0x0d, 0x23,
];

/** Makes key files, most of them nearly well-formed, with the shapes on which readers differ. */
export function createKeyFileGenerator(seed: number): () => Uint8Array {
  const random = createRandom(seed);
  const pick = (from: readonly string[]): string => from[random(from.length)] ?? '';
  const line = (tame: boolean): string => {
    const shape = random(tame ? 7 : 12);
    if (shape < 2) return `${pick(BLANKS)}[${pick(NAMES)}]${pick(BLANKS)}`;
    if (shape < 6)
      return `${pick(BLANKS)}${pick(KEYS)}${pick(BLANKS)}=${pick(BLANKS)}${pick(VALUES)}${pick(BLANKS)}`;
    return shape < 7 ? pick(['', '# comment', '   ', '#task.size = 0x10']) : pick(STRAY);
  };
  return () => {
    const tame = random(4) > 0;
    let text = random(8) > 0 ? `[${pick(NAMES.slice(0, 8))}]\n` : '';
    const count = random(9);
    for (let index = 0; index < count; index += 1) {
      text += line(tame) + (index === count - 1 && random(3) === 0 ? '' : pick(ENDINGS));
    }
    const bytes = new TextEncoder().encode(text);
    const spoils = tame ? (random(8) === 0 ? 1 : 0) : random(4);
    for (let index = 0; index < spoils && bytes.length > 0; index += 1) {
      bytes[random(bytes.length)] = BYTES[random(BYTES.length)] ?? 0;
    }
    return bytes;
  };
}

const DIGITS = [
  '0',
  '5',
  '00',
  '010',
  '2147483647',
  '2147483648',
  '18446744073709551615',
  '18446744073709551616',
];
const SIGNS = ['', '', '', '', '-', '+', '--', '- ', '+-', '\\s'];
const PREFIXES = ['', '', '', '', '0x', '0', '\v', '\f', '"'];
const TAILS = [
  '',
  '',
  '',
  ' ',
  '\t',
  '\v',
  '\f',
  '\r',
  ' # x',
  '# x',
  ' ;',
  'x',
  '.0',
  ' 5',
  '_0',
  '\u00a0',
  'e3',
];
const TEXTS = [
  '#1 SMP',
  '\\s',
  '\\n',
  '\\t',
  '\\r',
  '\\\\',
  '\\q',
  '\\',
  '\\ä',
  'ä',
  '日本',
  '\uFFFD',
  '\\"',
  ';',
  '\\;',
  ' ',
];

/** Makes values on which typed getters may differ: numbers near the limits with odd heads and tails, texts with escapes. */
export function createValueGenerator(seed: number): () => Uint8Array {
  const random = createRandom(seed);
  const pick = (from: readonly string[]): string => from[random(from.length)] ?? '';
  const digits = (): string =>
    random(2) === 0 ? pick(DIGITS) : Array.from({ length: 1 + random(24) }, () => random(10)).join('');
  const text = (): string => Array.from({ length: random(5) }, () => pick(TEXTS)).join('');
  return () => {
    const value = random(3) > 0 ? pick(SIGNS) + pick(PREFIXES) + digits() + pick(TAILS) : text();
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > 0 && random(12) === 0) bytes[random(bytes.length)] = pickByte(random);
    return bytes;
  };
}

/** Any byte but a line feed, which would end the line, and a NUL, behind which GLib sees nothing. */
function pickByte(random: (below: number) => number): number {
  const byte = 1 + random(255);
  return byte === 0x0a ? 0x0b : byte;
}
