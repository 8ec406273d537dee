import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type PeerRoot, runPeer } from './peer-root';

/** A way of `makedumpfile` to write a core file again. */
export interface MakedumpfileForm {
  /** A short name for tests. */
  readonly name: string;
  /** Its options. */
  readonly options: readonly string[];
  /** In how many files; one unless given. */
  readonly parts?: number;
  /** Whether it writes the flattened format. */
  readonly flattened?: boolean;
  /** The kinds of pages that it leaves out, as bits of `-d`: zero, cache, private cache, user, free. */
  readonly level: number;
}

/** The features of `makedumpfile` in a root's build: bookworm's i386 build has no zstd. */
export function makedumpfileForms(arch: string): readonly MakedumpfileForm[] {
  return FORMS.filter(({ options }) => arch === 'amd64' || !options.includes('-z'));
}

// A split set is cut at multiples of a block, by default of 1 GiB; here of 1 MiB.
const SPLIT = ['--split', '--splitblock-size', '1024'];
const FORMS: readonly MakedumpfileForm[] = [
  { name: 'plain', options: [], level: 0 },
  { name: 'zlib', options: ['-c'], level: 0 },
  { name: 'LZO', options: ['-l'], level: 0 },
  { name: 'zstd', options: ['-z'], level: 0 },
  { name: 'ELF', options: ['-E'], level: 0 },
  { name: 'flattened zlib', options: ['-c'], flattened: true, level: 0 },
  { name: 'a split set', options: ['-c', ...SPLIT], parts: 3, level: 0 },
  { name: 'zlib without zero pages', options: ['-c'], level: 1 },
  { name: 'ELF without zero pages', options: ['-E'], level: 1 },
  { name: 'zlib of the kernel alone', options: ['-c'], level: 31 },
  { name: 'LZO of the kernel alone', options: ['-l'], level: 31 },
  { name: 'zstd of the kernel alone', options: ['-z'], level: 31 },
  { name: 'ELF of the kernel alone', options: ['-E'], level: 31 },
  { name: 'flattened ELF of the kernel alone', options: ['-E'], flattened: true, level: 31 },
  { name: 'a split set of the kernel alone', options: ['-l', ...SPLIT], parts: 2, level: 31 },
];

/**
 * Lets `makedumpfile` write a core of `folder` again; returns the names of the files, in their order.
 *
 * The core is one that it reads: {@link copyQemuCore}.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`.
 */
export async function makedumpfile(
  peers: PeerRoot,
  folder: string,
  core: string,
  { options, parts = 1, flattened = false, level }: MakedumpfileForm,
): Promise<string[]> {
  const names = Array.from({ length: parts }, (_, part) => `made-${part + 1}.dump`);
  const words = [...peers.makedumpfile, '-f', ...options, '-d', String(level)];
  const command = flattened
    ? ['sh', '-c', `${[...words, '-F', core].join(' ')} > ${names[0]}`]
    : [...words, core, ...names];
  await runPeer(peers, folder, command);
  for (const name of names) chmodSync(join(folder, name), 0o644);
  return names;
}
