import { OsiError } from './osi-error';

const CHAIN_LIMIT = 16;

/**
 * Prints an error with its causes, outermost first, each with its hint on a line of its own.
 *
 * Control characters are left as they are: code that prints to a terminal escapes them.
 *
 * @example
 * ```ts
 * const cause = new OsiError('PAGE_NOT_PRESENT', 'page not present', { hint: 'try --pid' });
 * formatErrorChain(new OsiError('TASK_UNREADABLE', 'task 0x10', { cause }))
 * // => 'task 0x10\n  because: page not present\n  hint: try --pid'
 * ```
 */
export function formatErrorChain(error: unknown): string {
  const lines: string[] = [];
  let link: unknown = error;
  for (let depth = 0; link !== undefined && link !== null && depth < CHAIN_LIMIT; depth += 1) {
    const message = link instanceof Error || OsiError.is(link) ? link.message : String(link);
    lines.push(depth === 0 ? message : `  because: ${message}`);
    if (OsiError.is(link) && link.hint !== undefined) lines.push(`  hint: ${link.hint}`);
    link = (link as { cause?: unknown }).cause;
  }
  return lines.join('\n');
}
