/** A register as a gdb stub describes it. */
export interface GdbRegister {
  /** Its name by the stub: `rax`, `cr3`, `k_gs_base`. */
  readonly name: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Its number in `p` packets. */
  readonly number: number;
}

const MOST_REGISTERS = 4096;
const LARGEST_BITS = 4096;

/**
 * The registers that a target description has (GDB manual, appendix G), in the order of `g` packets.
 *
 * Other elements are passed over; included documents are to be put in before.
 *
 * @example
 * ```ts
 * parseTargetDescription('<reg name="rax" bitsize="64"/><reg name="cr3" bitsize="64" regnum="9"/>')
 * // => [{ name: 'rax', size: 8, number: 0 }, { name: 'cr3', size: 8, number: 9 }]
 * ```
 */
export function parseTargetDescription(xml: string): GdbRegister[] {
  const registers: GdbRegister[] = [];
  let next = 0;
  for (const [element] of withoutComments(xml).matchAll(/<reg\s[^>]*>/g)) {
    const name = attribute(element, 'name');
    const bits = Number(attribute(element, 'bitsize'));
    const number = Number(attribute(element, 'regnum') ?? next);
    const sane =
      bits > 0 && bits <= LARGEST_BITS && bits % 8 === 0 && Number.isSafeInteger(number) && number >= 0;
    if (name === undefined || !sane) continue;
    registers.push({ name, size: bits / 8, number });
    next = number + 1;
    if (registers.length === MOST_REGISTERS) break;
  }
  return registers;
}

/** The documents that a target description includes, by their names in `qXfer:features:read`. */
export function includedDocuments(xml: string): string[] {
  return [...withoutComments(xml).matchAll(/<xi:include\s[^>]*>/g)]
    .map(([element]) => attribute(element, 'href'))
    .filter((name) => name !== undefined);
}

/** QEMU's own descriptions have registers in comments that it does not send. */
function withoutComments(xml: string): string {
  const [first = '', ...rest] = xml.split('<!--');
  return first + rest.map((part) => part.slice(endOfComment(part))).join('');
}

function endOfComment(text: string): number {
  const end = text.indexOf('-->');
  return end < 0 ? text.length : end + 3;
}

function attribute(element: string, name: string): string | undefined {
  return new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(element)?.[1];
}
