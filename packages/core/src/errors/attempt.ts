import { OsiError } from './osi-error';

/**
 * The value of `run`, or the result of `failed` for the {@link OsiError} that it throws.
 *
 * @throws every other error of `run`, as it is.
 *
 * @example
 * ```ts
 * const missing = () => { throw new OsiError('PAGE_NOT_PRESENT', 'page not present'); };
 * attempt(missing, ({ code }) => code) // => 'PAGE_NOT_PRESENT'
 * attempt(() => 7, () => undefined) // => 7
 * ```
 */
export function attempt<Value, Otherwise>(
  run: () => Value,
  failed: (error: OsiError) => Otherwise,
): Value | Otherwise {
  try {
    return run();
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return failed(error);
  }
}
