import { nearestNames, OsiError } from '@osi-linux/core';

/** The arguments of PANDA's plugin osi_linux by their own names, each with the value it has where it is not given. */
const DEFAULTS = {
  kconf_file: 'kernelinfo.conf',
  kconf_group: 'debian-3.2.65-i686',
  load_now: false,
  pagewalk: false,
} as const;

type ArgumentName = keyof typeof DEFAULTS;

const NAMES = Object.keys(DEFAULTS) as readonly ArgumentName[];
const PLUGIN = 'osi_linux';

/** The arguments of osi_linux as an object, by PANDA's own names; each may stay away. */
export interface PluginOptions {
  /** The key file with the kernel's offsets. */
  readonly kconf_file?: string | undefined;
  /** Its group; taken as it is, with no `:64` added. */
  readonly kconf_group?: string | undefined;
  /** Whether the first question is asked at once. */
  readonly load_now?: boolean | undefined;
  /** Whether page tables are walked where the emulator finds nothing. */
  readonly pagewalk?: boolean | undefined;
}

/** The arguments of osi_linux, every one decided. */
export interface PluginArguments {
  /** The key file with the kernel's offsets. Default: `kernelinfo.conf`. */
  readonly kconfFile: string;
  /** The origin of the file's name; if it is `default`, it may be looked for in several places. */
  readonly kconfFileFrom: 'kconf_file' | 'default';
  /** Its group. Default: that of `-os`, else `debian-3.2.65-i686`. */
  readonly kconfGroup: string;
  /**
   * The origin of the group's name; if it is `default`, a group that fits the guest may be chosen instead.
   */
  readonly kconfGroupFrom: 'kconf_group' | '-os' | 'default';
  /**
   * PANDA does not wait for the guest to be ready. Default: false. Changes nothing here: each call reports by
   * itself.
   */
  readonly loadNow: boolean;
  /** PANDA walks page tables itself where QEMU finds nothing. Default: false. Here they are always walked. */
  readonly pagewalk: boolean;
}

/**
 * Reads the arguments of PANDA's plugin osi_linux: an object, or the text that follows `-panda` on PANDA's command line.
 *
 * `os` is the value of PANDA's `-os`, `linux-BITS-VARIANT`: without `kconf_group` the group is `VARIANT:BITS`.
 *
 * @throws OsiError `PLUGIN_ARGUMENT_UNKNOWN` or `PLUGIN_ARGUMENT_INVALID`, with the argument's name.
 *
 * @example
 * ```ts
 * const given = parsePluginArguments('osi_linux:kconf_file=my.conf,kconf_group=my_kernel_info,pagewalk=yes');
 * [given.kconfFile, given.kconfGroup, given.pagewalk] // => ['my.conf', 'my_kernel_info', true]
 * parsePluginArguments({}, 'linux-64-ubuntu:4.15.0-72-generic').kconfGroup // => 'ubuntu:4.15.0-72-generic:64'
 * parsePluginArguments('').kconfGroup // => 'debian-3.2.65-i686'
 * parsePluginArguments('osi_linux:kconf_gruop=x') // throws PLUGIN_ARGUMENT_UNKNOWN
 * ```
 */
export function parsePluginArguments(given: string | PluginOptions = {}, os?: string): PluginArguments {
  const found = readArguments(typeof given === 'string' ? splitText(given) : Object.entries(given));
  const file = found.get('kconf_file');
  const group = found.get('kconf_group');
  const osGroup = os === undefined ? undefined : groupOfOs(os);
  return {
    kconfFile: textOf('kconf_file', file ?? DEFAULTS.kconf_file),
    kconfFileFrom: file === undefined ? 'default' : 'kconf_file',
    kconfGroup: textOf('kconf_group', group ?? osGroup ?? DEFAULTS.kconf_group),
    kconfGroupFrom: group !== undefined ? 'kconf_group' : osGroup !== undefined ? '-os' : 'default',
    loadNow: flagOf('load_now', found.get('load_now') ?? DEFAULTS.load_now),
    pagewalk: flagOf('pagewalk', found.get('pagewalk') ?? DEFAULTS.pagewalk),
  };
}

/** `NAME=VALUE` or `NAME` alone, separated by commas, behind the plugin's name and a colon. */
function splitText(text: string): [string, string][] {
  const [plugin, rest] = splitOnce(text.trim(), ':');
  if (plugin !== '' && plugin !== PLUGIN) {
    throw new OsiError(
      'PLUGIN_ARGUMENT_INVALID',
      `the arguments are of the plugin ${plugin}, expected ${PLUGIN}`,
      {
        hint: `write ${PLUGIN}:NAME=VALUE,NAME=VALUE`,
        fields: { plugin },
      },
    );
  }
  const parts = (rest ?? '').split(',').filter((part) => part !== '');
  return parts.map((part) => {
    const [name, value] = splitOnce(part, '=');
    return [name, value ?? ''];
  });
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function readArguments(given: readonly (readonly [string, unknown])[]): Map<ArgumentName, unknown> {
  const found = new Map<ArgumentName, unknown>();
  for (const [name, value] of given) {
    if (!NAMES.includes(name as ArgumentName)) throw unknownArgument(name);
    // PANDA takes the first of two.
    if (value !== undefined && !found.has(name as ArgumentName)) found.set(name as ArgumentName, value);
  }
  return found;
}

/** `linux-64-ubuntu:4.15.0-72-generic` is the group `ubuntu:4.15.0-72-generic:64`. */
function groupOfOs(os: string): string {
  const [, bits, variant] = /^linux[-_](32|64)[-_](.+)$/.exec(os) ?? [];
  if (bits !== undefined && variant !== undefined) return `${variant}:${bits}`;
  throw new OsiError(
    'PLUGIN_ARGUMENT_INVALID',
    `-os is "${os}", expected linux-32-VARIANT or linux-64-VARIANT`,
    {
      hint: 'for example linux-64-ubuntu:4.15.0-72-generic; to name a group directly, use kconf_group',
      fields: { argument: '-os', received: os },
    },
  );
}

function textOf(name: ArgumentName, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, value, 'a text');
}

const FLAGS: Readonly<Record<string, boolean>> = {
  ...{ y: true, yes: true, true: true, on: true, 1: true, '': true },
  ...{ n: false, no: false, false: false, off: false, 0: false },
};

/** PANDA's words in any case, `on` and `off`, and nothing at all for yes. */
function flagOf(name: ArgumentName, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const flag = typeof value === 'string' && FLAGS[value.toLowerCase()];
  if (typeof value === 'string' && Object.hasOwn(FLAGS, value.toLowerCase())) return flag === true;
  throw invalid(name, value, 'yes, no, true, false, 1, 0, on or off');
}

function invalid(name: ArgumentName, value: unknown, expected: string): OsiError {
  const received = typeof value === 'string' ? `"${value}"` : String(value);
  return new OsiError('PLUGIN_ARGUMENT_INVALID', `${name} is ${received}, expected ${expected}`, {
    hint: `leave the argument out to use its default, ${DEFAULTS[name]}`,
    fields: { argument: name, received: value, expected },
  });
}

function unknownArgument(name: string): OsiError {
  const [nearest] = nearestNames(NAMES, name);
  return new OsiError('PLUGIN_ARGUMENT_UNKNOWN', `${PLUGIN} has no argument "${name}"`, {
    hint: `did you mean ${nearest}? The arguments are ${NAMES.join(', ')}`,
    fields: { argument: name, nearest },
  });
}
