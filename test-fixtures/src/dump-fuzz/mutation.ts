import type { Random } from '../damage/random';

/** Bytes that were changed, and how. */
export interface Mutation {
  readonly bytes: Uint8Array;
  /** The change, for the message of a failure. */
  readonly steps: readonly string[];
}

// Sizes, counts and addresses at which arithmetic goes wrong.
const INTERESTING = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  63n,
  64n,
  255n,
  4095n,
  4096n,
  4097n,
  65535n,
  65536n,
  2n ** 20n,
].concat(
  [2n ** 24n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 4096n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 40n, 2n ** 44n],
  [2n ** 52n - 1n, 2n ** 52n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n],
  [2n ** 64n - 4096n, 2n ** 64n - 1n],
);

/** Changes a copy of bytes in one to four places; places that are named are chosen more often than others. */
export function mutate(original: Uint8Array, random: Random, places: readonly number[]): Mutation {
  const state = { bytes: original.slice(), steps: [] as string[], random, places };
  for (let left = 1 + random.below(4); left > 0 && state.bytes.length > 0; left -= 1) {
    random.pick(STEPS)(state);
  }
  return state;
}

interface MutationState {
  bytes: Uint8Array;
  readonly steps: string[];
  readonly random: Random;
  readonly places: readonly number[];
}

type Step = (state: MutationState) => void;

// Fields come several times: they are what readers believe.
const STEPS: readonly Step[] = [
  setField,
  setField,
  setField,
  flipBits,
  setByte,
  truncate,
  copyRange,
  dropRange,
];

/** A position: one that is named or near it, in the headers at the beginning, at the end, or anywhere. */
function position({ bytes, random, places }: MutationState): number {
  const kind = random.below(4);
  const { length } = bytes;
  if (kind === 0 && places.length > 0) return clamp(random.pick(places) + random.below(33) - 16, length);
  if (kind <= 1) return random.below(Math.min(length, 1024));
  if (kind === 2) return length - 1 - random.below(Math.min(length, 256));
  return random.below(length);
}

function clamp(value: number, length: number): number {
  return Math.max(0, Math.min(value, length - 1));
}

function setField(state: MutationState): void {
  const { random } = state;
  const size = random.pick([2, 4, 8] as const);
  if (state.bytes.length < size) return;
  const found = Math.min(position(state), state.bytes.length - size);
  const at = random.below(4) > 0 ? found - (found % Math.min(size, 4)) : found;
  const near = BigInt(state.bytes.length + random.below(3) - 1);
  const value = random.below(8) === 0 ? near : random.pick(INTERESTING);
  const little = random.below(3) > 0;
  const view = new DataView(state.bytes.buffer, at, size);
  if (size === 8) view.setBigUint64(0, value, little);
  else if (size === 4) view.setUint32(0, Number(BigInt.asUintN(32, value)), little);
  else view.setUint16(0, Number(BigInt.asUintN(16, value)), little);
  state.steps.push(`${size * 8}-bit ${value} at ${at}${little ? '' : ' big-endian'}`);
}

function flipBits(state: MutationState): void {
  const at = position(state);
  const bit = 1 << state.random.below(8);
  state.bytes[at] = (state.bytes[at] ?? 0) ^ bit;
  state.steps.push(`flip ${bit} at ${at}`);
}

function setByte(state: MutationState): void {
  const at = position(state);
  state.bytes[at] = state.random.below(256);
  state.steps.push(`byte ${state.bytes[at]} at ${at}`);
}

function truncate(state: MutationState): void {
  const at = position(state);
  state.bytes = state.bytes.slice(0, at);
  state.steps.push(`cut at ${at}`);
}

function copyRange(state: MutationState): void {
  const { bytes, random } = state;
  const from = position(state);
  const to = position(state);
  const length = Math.min(1 + random.below(64), bytes.length - Math.max(from, to));
  bytes.copyWithin(to, from, from + length);
  state.steps.push(`copy ${length} bytes from ${from} to ${to}`);
}

function dropRange(state: MutationState): void {
  const { bytes, random } = state;
  const at = position(state);
  const length = Math.min(1 + random.below(64), bytes.length - at);
  bytes.copyWithin(at, at + length);
  state.bytes = bytes.slice(0, bytes.length - length);
  state.steps.push(`drop ${length} bytes at ${at}`);
}
