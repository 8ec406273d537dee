import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DebianMirror, readDebianMirror } from './apt-sources';
import { cacheFolder } from './cache-folder';
import { runCommand } from './command';

/** A Debian suite on one architecture. */
export interface Suite {
  /** `bookworm`, `sid` ... */
  readonly suite: string;
  /** Debian's name of the architecture: `amd64`, `i386`. */
  readonly arch: string;
  /** Another architecture whose packages may be asked for as well: `linux-headers-REL:i386`. */
  readonly foreign?: string;
}

/** A package file that apt would fetch. */
export interface PackageFile {
  /** Name of the binary package. */
  readonly name: string;
  /** Name of the file in the archive cache. */
  readonly file: string;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Which architectures of a suite have usable security updates. Testing and unstable have none, and on mirrors those
 * of i386 are listed but not there, or not the ones that are listed.
 */
const SECURITY: Readonly<Record<string, readonly string[]>> = {
  bullseye: ['amd64'],
  bookworm: ['amd64'],
  trixie: ['amd64'],
};

/**
 * An apt of its own for a suite and architecture: nothing of the machine's package state is read or changed.
 *
 * The mirror is the machine's own. Package files are kept in the cache folder.
 */
export class PrivateApt {
  private constructor(private readonly folder: string) {}

  /** Sets up the configuration, and the package lists when there are none yet. */
  static async open(suite: Suite): Promise<PrivateApt> {
    const apt = new PrivateApt(join(cacheFolder(), 'apt', [suite.suite, ...architectures(suite)].join('-')));
    for (const name of [
      'etc/apt.conf.d',
      'etc/preferences.d',
      'state/lists/partial',
      'cache/archives/partial',
    ]) {
      mkdirSync(join(apt.folder, name), { recursive: true });
    }
    const transport = await runCommand('apt-config', ['dump']);
    writeFileSync(join(apt.folder, 'state/status'), '');
    writeFileSync(join(apt.folder, 'etc/sources.list'), formatSources(suite, readDebianMirror()));
    writeFileSync(join(apt.folder, 'apt.conf'), formatConfiguration(suite, apt.folder, transport.stdout));
    if (!existsSync(join(apt.folder, 'updated'))) await apt.update();
    return apt;
  }

  /** Fetches the package lists anew. */
  async update(): Promise<void> {
    await this.run('apt-get', ['-q', 'update', '-o', 'APT::Update::Error-Mode=any']);
    writeFileSync(join(this.folder, 'updated'), '');
  }

  /** The files of these packages and of all that they depend on. */
  async closure(packages: readonly string[]): Promise<PackageFile[]> {
    // --print-uris leaves out packages that are in the archive cache already, so it is given an empty one.
    const empty = join(this.folder, 'cache/empty');
    mkdirSync(join(empty, 'partial'), { recursive: true });
    const args = ['-qq', '-y', '--print-uris', '-o', `Dir::Cache::archives=${empty}`, 'install', ...packages];
    return parsePrintedUris((await this.run('apt-get', args)).stdout);
  }

  /** Fetches packages with all that they depend on; returns the paths of their files. */
  async fetchClosure(packages: readonly string[]): Promise<string[]> {
    return this.withFreshLists(async () => {
      const archives = join(this.folder, 'cache/archives');
      const files = (await this.closure(packages)).map(({ file }) => join(archives, file));
      if (!files.every((file) => existsSync(file))) {
        await this.run('apt-get', ['-q', '-y', '-d', 'install', ...packages]);
      }
      return files;
    });
  }

  /** Fetches single packages without what they depend on; returns the paths of their files. */
  async fetch(packages: readonly string[]): Promise<string[]> {
    return this.withFreshLists(async () => {
      const archives = join(this.folder, 'cache/archives');
      const folder = mkdtempSync(join(archives, 'partial', 'download-'));
      try {
        await this.run('apt-get', ['-q', 'download', ...packages], folder);
        return readdirSync(folder).map((name) => {
          renameSync(join(folder, name), join(archives, name));
          return join(archives, name);
        });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  /** A package that left the mirror since the lists were fetched is looked for in new lists, once. */
  private async withFreshLists<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch {
      await this.update();
      return work();
    }
  }

  private run(command: string, args: readonly string[], cwd?: string) {
    const env = {
      ...process.env,
      APT_CONFIG: join(this.folder, 'apt.conf'),
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
    };
    return runCommand(command, args, cwd === undefined ? { env } : { env, cwd });
  }
}

function formatSources(wanted: Suite, mirror: DebianMirror): string {
  const lines = architectures(wanted).flatMap((arch) => {
    const options = `[arch=${arch} signed-by=${KEYRING}]`;
    return suitesOf(wanted.suite).flatMap((suite) => {
      const line = `deb ${options} ${mirror.archive} ${suite} main`;
      if (mirror.security === undefined || SECURITY[suite]?.includes(arch) !== true) return [line];
      return [line, `deb ${options} ${mirror.security} ${suite}-security main`];
    });
  });
  return `${lines.join('\n')}\n`;
}

const BACKPORTS = '-backports';

/** Backports go with the suite that they are for. */
function suitesOf(suite: string): string[] {
  return suite.endsWith(BACKPORTS) ? [suite.slice(0, -BACKPORTS.length), suite] : [suite];
}

function architectures({ arch, foreign }: Suite): string[] {
  return foreign === undefined ? [arch] : [arch, foreign];
}

/** `dump` is the output of the machine's own `apt-config dump`: its proxies hold here too. */
function formatConfiguration(suite: Suite, folder: string, dump: string): string {
  const transport = dump.split('\n').filter((line) => /^Acquire::(http|https)(::|\s)/.test(line));
  return `${[
    ...transport,
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::Cache "${folder}/cache";`,
    `Dir::Etc "${folder}/etc";`,
    `Dir::Etc::sourcelist "${folder}/etc/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `APT::Architecture "${suite.arch}";`,
    `APT::Architectures { ${architectures(suite)
      .map((arch) => `"${arch}";`)
      .join(' ')} };`,
    // Else apt would take nothing from backports that is not asked for by its version.
    `APT::Default-Release "${suite.suite}";`,
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Languages "none";',
  ].join('\n')}\n`;
}

/**
 * Reads what `apt-get --print-uris` prints: `'URI' FILE SIZE HASH` a line.
 *
 * @example
 * ```ts
 * parsePrintedUris("'http://m/a_1.deb' a_1%3a2_amd64.deb 10 SHA256:00\n")
 * // => [{ name: 'a', file: 'a_1%3a2_amd64.deb' }]
 * ```
 */
export function parsePrintedUris(text: string): PackageFile[] {
  return text.split('\n').flatMap((line) => {
    const file = /^'[^']*' (\S+\.deb) \d+/.exec(line)?.[1];
    return file === undefined ? [] : [{ name: file.slice(0, file.indexOf('_')), file }];
  });
}
