const marker: unique symbol = Symbol.for('@osi-linux/core/OsiError') as never;

/** The parts of an {@link OsiError} besides its message. */
export interface OsiErrorOptions {
  /** The next step for the reader, one sentence. */
  readonly hint?: string;
  /** The error of the layer below. */
  readonly cause?: unknown;
  /** The facts of the message as data: `{ line, key, expected }`, `{ virtualAddress, level, entry }`. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of all packages: a stable `code` names the failure, `fields` contains the facts.
 *
 * Every code is listed in `docs/errors.md`. Two installed copies of this package recognise each other's errors.
 *
 * @example
 * ```ts
 * const error = new OsiError('PROFILE_GROUP_UNKNOWN', 'no group [x] in kernelinfo.conf', { hint: 'try [y]' });
 * error.code // => 'PROFILE_GROUP_UNKNOWN'
 * OsiError.is(error) // => true
 * ```
 */
export class OsiError extends Error {
  /** Always `OsiError`, as messages begin. */
  override readonly name = 'OsiError';
  /** Stable name of the failure, in capitals with underscores. */
  readonly code: string;
  /** The next step that the reader can take. */
  readonly hint: string | undefined;
  /** The facts of the message as data. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: OsiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.fields = options.fields ?? {};
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether a value is an error of this class, from this copy of the package or another. */
  static is(value: unknown): value is OsiError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[marker] === true;
  }
}
