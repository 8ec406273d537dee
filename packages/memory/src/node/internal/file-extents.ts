import type { SourceExtent } from '../../sources/byte-source';

/** Files below this are searched in a few seconds, whatever is in them. */
const SMALLEST = 1024 ** 3;
const MOST = 100_000;
const WITHIN_MS = 10_000;

// Node has no lseek(2): with SEEK_DATA (3) and SEEK_HOLE (4), their numbers on Linux, it finds the parts of a file that are on the disk. Both programs
// print the start and the end of each.
const PERL = `open(F, "<&=3") or die;
for (my ($end, $count) = (0, 0); $count < ${MOST} && defined(my $start = sysseek(F, $end, 3)); $count++) {
  $end = sysseek(F, $start, 4) or die;
  print $start + 0, " ", $end + 0, "\\n";
}
print "end\\n" if $!{ENXIO};`;
const PYTHON = `import os, errno
end = 0
try:
    for _ in range(${MOST}):
        start = os.lseek(3, end, os.SEEK_DATA)
        end = os.lseek(3, start, os.SEEK_HOLE)
        print(start, end)
except OSError as error:
    if error.errno == errno.ENXIO: print("end")`;
const PROGRAMS = [
  ['perl', '-MErrno', '-e', PERL],
  ['python3', '-c', PYTHON],
] as const;

/**
 * The parts of a file that are on the disk, if it is large and most of it is not: what lies between them reads as zeros.
 * `undefined` for any other file, and on a machine that is not Linux or has neither perl nor python3.
 */
export function findExtents(fd: number, size: number): readonly SourceExtent[] | undefined {
  if (size < SMALLEST || process.platform !== 'linux') return undefined;
  const { fstatSync } = process.getBuiltinModule('node:fs');
  // The unit of POSIX is 512 bytes.
  if (fstatSync(fd).blocks * 512 > size / 2) return undefined;
  for (const program of PROGRAMS) {
    const extents = parseExtents(runProgram(program, fd), size);
    if (extents !== undefined) return extents;
  }
  return undefined;
}

function runProgram([command, ...args]: readonly [string, ...string[]], fd: number): string {
  // Loaded only here: it costs as much as opening a dump.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stdout } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'ignore', fd],
    encoding: 'utf8',
    timeout: WITHIN_MS,
    maxBuffer: 64 * MOST,
  });
  return stdout ?? '';
}

/** The printed extents, if they are complete, ascend, and lie inside of the file. */
function parseExtents(text: string, size: number): SourceExtent[] | undefined {
  const lines = text.trimEnd().split('\n');
  if (lines.pop() !== 'end') return undefined;
  const extents: SourceExtent[] = [];
  let last = 0;
  for (const line of lines) {
    const [start = Number.NaN, end = Number.NaN] = line.split(' ').map(Number);
    if (!(start >= last && end > start && end <= size)) return undefined;
    extents.push({ start, end });
    last = end;
  }
  return extents;
}
