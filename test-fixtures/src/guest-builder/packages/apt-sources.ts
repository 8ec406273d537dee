import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';

/** One entry of apt's sources: where packages come from. */
export interface AptSource {
  /** Base addresses of the archive. */
  readonly uris: readonly string[];
  /** `bookworm`, `bookworm-security` ... */
  readonly suites: readonly string[];
  /** `main`, `contrib` ... */
  readonly components: readonly string[];
}

/** The two archives that a Debian suite is made of. */
export interface DebianMirror {
  /** Base address of the archive. */
  readonly archive: string;
  /** Base address of the security archive, where the machine uses one. */
  readonly security: string | undefined;
}

/**
 * Reads apt's one-line format (sources.list(5)): `deb [options] URI SUITE COMPONENT...`.
 *
 * Only `deb` lines are kept; options are passed over.
 *
 * @example
 * ```ts
 * parseOneLineSources('deb [arch=amd64] http://mirror/debian bookworm main # x')
 * // => [{ uris: ['http://mirror/debian'], suites: ['bookworm'], components: ['main'] }]
 * ```
 */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s*(.*)$/.exec(line.replace(/#.*/, ''));
    if (match === null) continue;
    const [, uri = '', suite = '', components = ''] = match;
    sources.push({ uris: [uri], suites: [suite], components: words(components) });
  }
  return sources;
}

/**
 * Reads apt's deb822 format (sources.list(5)): stanzas of `Field: values`, continued by indented lines.
 *
 * Only stanzas of type `deb` that are not disabled are kept.
 *
 * @example
 * ```ts
 * parseDeb822Sources('Types: deb\nURIs: http://mirror/debian\nSuites: sid\nComponents: main')
 * // => [{ uris: ['http://mirror/debian'], suites: ['sid'], components: ['main'] }]
 * ```
 */
export function parseDeb822Sources(text: string): AptSource[] {
  const withoutComments = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = parseStanza(stanza);
    const enabled = !/^(no|false|off|0)$/i.test(fields.get('enabled') ?? 'yes');
    if (!enabled || !words(fields.get('types') ?? '').includes('deb')) return [];
    const list = (name: string) => words(fields.get(name) ?? '');
    return [{ uris: list('uris'), suites: list('suites'), components: list('components') }];
  });
}

function parseStanza(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of stanza.split('\n')) {
    const match = /^([A-Za-z0-9-]+)\s*:(.*)$/.exec(line);
    if (match !== null) {
      name = (match[1] ?? '').toLowerCase();
      fields.set(name, (match[2] ?? '').trim());
    } else if (/^\s/.test(line)) {
      fields.set(name, `${fields.get(name) ?? ''} ${line}`);
    }
  }
  return fields;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/**
 * The mirror from which this machine gets its own Debian packages.
 *
 * @throws OsiError `APT_MIRROR_UNKNOWN` when no entry names the machine's own suite.
 *
 * @example
 * ```ts
 * const sources = parseOneLineSources('deb http://a/debian bookworm main\ndeb http://a/sec bookworm-security main');
 * findDebianMirror(sources, 'bookworm') // => { archive: 'http://a/debian', security: 'http://a/sec' }
 * findDebianMirror(sources, 'trixie') // throws APT_MIRROR_UNKNOWN
 * ```
 */
export function findDebianMirror(sources: readonly AptSource[], codename: string): DebianMirror {
  const find = (suite: string) =>
    sources.find((source) => source.components.includes('main') && source.suites.includes(suite))?.uris[0];
  const archive = find(codename);
  if (archive === undefined) {
    throw new OsiError('APT_MIRROR_UNKNOWN', `no apt source with suite "${codename}" and component "main"`, {
      hint: 'the guest builder takes its mirror from /etc/apt/sources.list or /etc/apt/sources.list.d',
      fields: { codename, sources },
    });
  }
  return { archive, security: find(`${codename}-security`) ?? find(`${codename}/updates`) };
}

/** Reads all of the machine's apt sources; `root` is the folder that holds `etc`. */
export function readAptSources(root = '/'): AptSource[] {
  const folder = join(root, 'etc/apt');
  const parts = join(folder, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const files = [join(folder, 'sources.list'), ...names.map((name) => join(parts, name))];
  return files.flatMap((file) => {
    if (file.endsWith('.sources')) return parseDeb822Sources(readFileSync(file, 'utf8'));
    return file.endsWith('.list') && existsSync(file) ? parseOneLineSources(readFileSync(file, 'utf8')) : [];
  });
}

/** The machine's own Debian mirror, by the code name in its `/etc/os-release`. */
export function readDebianMirror(root = '/'): DebianMirror {
  const release = readFileSync(join(root, 'etc/os-release'), 'utf8');
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1] ?? 'sid';
  return findDebianMirror(readAptSources(root), codename);
}
