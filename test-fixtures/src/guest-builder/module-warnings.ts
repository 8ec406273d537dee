/** The lines that kbuild prints for each step, and for a kernel whose uncompressed image no package has. */
const EXPECTED =
  /^make|^ {2}(ROWS|CPP|CC|LD|MODPOST|BTF) |^Skipping BTF generation .* due to unavailability of vmlinux$/;

/**
 * The lines of a module's build that kbuild does not always print: warnings, and whatever else is worth a look.
 *
 * @example
 * ```ts
 * findModuleWarnings('  CC [M]  x.o\nx.c:1: warning: unused\n') // => ['x.c:1: warning: unused']
 * ```
 */
export function findModuleWarnings(output: string): string[] {
  return output.split('\n').filter((line) => line !== '' && !EXPECTED.test(line));
}
