import { isDeepStrictEqual } from 'node:util';
import { formatAddress, OsiError } from '@osi-linux/core';

/** The expected result of a call that has no answer: an error with this code. */
export class Refused {
  constructor(readonly code: string) {}
}

/** How often each call was held against the truth, and where they differ. */
export class CallLog {
  /** Comparisons by the name of the call. */
  readonly counts = new Map<string, number>();
  /** A sentence for each difference. */
  readonly differences: string[] = [];

  /** Calls, and compares the result; errors are results too. Returns it if it is the expected one. */
  compare<Value>(call: string, about: string, expected: unknown, ask: () => Value): Value | undefined {
    this.counts.set(call, (this.counts.get(call) ?? 0) + 1);
    const refused = expected instanceof Refused;
    let received: Value;
    try {
      received = ask();
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      if (!refused || error.code !== expected.code)
        this.differences.push(`${call}(${about}): expected ${show(expected)}, threw ${error.message}`);
      return undefined;
    }
    if (!refused && isDeepStrictEqual(received, expected)) return received;
    this.differences.push(`${call}(${about}): expected ${show(expected)}, received ${show(received)}`);
    return undefined;
  }

  /** Takes over the sentences of a comparison of many rows. */
  add(call: string, rows: number, sentences: readonly string[]): void {
    this.counts.set(call, (this.counts.get(call) ?? 0) + rows);
    this.differences.push(...sentences.map((sentence) => `${call}: ${sentence}`));
  }
}

function show(value: unknown): string {
  if (value instanceof Refused) return `the error ${value.code}`;
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return formatAddress(BigInt.asUintN(64, part));
    return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part;
  });
  return String(text).slice(0, 300);
}
