/** By which of the three bytes before begin a branch: whether a branch may begin here. */
const ALLOWED = [true, true, true, false, true, false, false, false];
/** By the same: how many bytes back the last of them is, counted from the branch's own end. */
const BYTES_BACK = [0, 1, 2, 2, 3, 3, 3, 3];
/** A call or a jump, and its target in four bytes. */
const LENGTH = 5;

/**
 * Undoes the filter x86 of XZ files in place: targets of calls and jumps, which the writer has made absolute so that they
 * repeat, become relative to where they stand again.
 *
 * Only targets within 16 MiB are converted, and only those that are not part of another branch.
 */
export function restoreX86Branches(bytes: Uint8Array): void {
  let mask = 0;
  let last = -LENGTH;
  for (let at = nextBranch(bytes, 0); at >= 0; ) {
    mask = at - last > 3 ? 0 : (mask << (at - last - 1)) & 7;
    last = at;
    if (isBranch(bytes, at, mask)) {
      restore(bytes, at, mask);
      at = nextBranch(bytes, at + LENGTH);
    } else {
      mask = ((mask << 1) & 7) | 1;
      at = nextBranch(bytes, at + 1);
    }
  }
}

/** The next E8 (call) or E9 (jump) that has its target behind it; -1 if there is no such branch. */
function nextBranch(bytes: Uint8Array, from: number): number {
  for (let at = from; at + LENGTH <= bytes.length; at += 1) {
    if (((bytes[at] as number) & 0xfe) === 0xe8) return at;
  }
  return -1;
}

function isBranch(bytes: Uint8Array, at: number, mask: number): boolean {
  if (mask !== 0) {
    const byte = bytes[at + 4 - (BYTES_BACK[mask] as number)];
    if (ALLOWED[mask] !== true || isSign(byte)) return false;
  }
  return isSign(bytes[at + 4]);
}

/** The highest byte of a number that is near to 0, from either side. */
function isSign(byte: number | undefined): boolean {
  return byte === 0 || byte === 0xff;
}

function restore(bytes: Uint8Array, at: number, mask: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4);
  const bits = (BYTES_BACK[mask] as number) * 8;
  let target = view.getUint32(0, true);
  // At most twice: the result of the second round has the complement of a byte that is not a sign.
  for (;;) {
    target = (target - (at + LENGTH)) >>> 0;
    if (mask === 0 || !isSign((target >>> (24 - bits)) & 0xff)) break;
    target = (target ^ (2 ** (32 - bits) - 1)) >>> 0;
  }
  const sign = (target >>> 24) & 1 ? 0xff000000 : 0;
  view.setUint32(0, ((target & 0xffffff) | sign) >>> 0, true);
}
