import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { keyFilePlaces } from '@osi-linux/guest/node';
import { shippedKeyFile } from './shipped-key-file';

/** How rows are printed. */
export type OutputFormat = 'table' | 'json' | 'ndjson';

/** A setting and its origin: option, then environment, then settings file, then default. */
export interface Setting<Value> {
  readonly value: Value;
  readonly from: string;
}

/** How a live guest is reached and read. */
export interface LiveSettings {
  /** Address of its gdb stub beside the QMP socket. */
  readonly gdb: string | undefined;
  /** Whether it is stopped while it is read. */
  readonly stop: boolean;
}

/** The settings that a command line leaves open, decided. */
export interface Settings {
  /** The key file; `undefined` if it is to be looked for. */
  readonly kconfFile: Setting<string | undefined>;
  /** Where it is looked for then, first place first. */
  readonly kconfPlaces: readonly string[];
  readonly kconfGroup: Setting<string | undefined>;
  readonly format: Setting<OutputFormat>;
  /** The other files of a dump that was split. */
  readonly parts: readonly string[];
  /** RAM below 4 GiB, if the command line gives it. */
  readonly belowFourGiB: number | undefined;
  readonly live: LiveSettings;
}

/** The options of a command line that settings stand in for. */
export interface SettingOptions {
  readonly kconfFile?: string | undefined;
  readonly kconfGroup?: string | undefined;
  readonly json?: boolean | undefined;
  readonly ndjson?: boolean | undefined;
  readonly below4g?: number | undefined;
  readonly part?: readonly string[] | undefined;
  readonly gdb?: string | undefined;
  readonly stop?: boolean | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const FORMATS: readonly string[] = ['table', 'json', 'ndjson'];

/** Decides each setting. @throws OsiError `SETTINGS_INVALID` for a value that is none of those known. */
export function resolveSettings(options: SettingOptions, environment: Environment): Settings {
  const path = settingsPath(environment);
  const file = readSettingsFile(path);
  const pick = (option: string | undefined, name: string): Setting<string | undefined> => {
    if (option !== undefined) return { value: option, from: 'option' };
    const variable = `OSI_LINUX_${name.toUpperCase()}`;
    const exported = environment[variable];
    if (exported !== undefined && exported !== '') return { value: exported, from: variable };
    const kept = file[name];
    if (typeof kept === 'string' && kept !== '') return { value: kept, from: path };
    return { value: undefined, from: 'default' };
  };
  return {
    kconfFile: pick(options.kconfFile, 'kconf_file'),
    kconfPlaces: [...keyFilePlaces(environment), shippedKeyFile],
    kconfGroup: pick(options.kconfGroup, 'kconf_group'),
    format: checkedFormat(pick(options.json ? 'json' : options.ndjson ? 'ndjson' : undefined, 'format')),
    belowFourGiB: options.below4g,
    parts: options.part ?? [],
    live: { gdb: options.gdb, stop: options.stop ?? true },
  };
}

function settingsPath(environment: Environment): string {
  const base = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config');
  return join(base, 'osi-linux', 'config.ini');
}

function readSettingsFile(path: string): Readonly<Record<string, unknown>> {
  try {
    return parseIni(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw new OsiError(
      'SETTINGS_UNREADABLE',
      `cannot read the settings file ${path}: ${(error as Error).message}`,
      {
        hint: 'correct or remove the file; its keys are kconf_file, kconf_group and format',
        cause: error,
      },
    );
  }
}

/** The parser is loaded where there is a file, which few have. */
function parseIni(text: string): Record<string, unknown> {
  const { parse } = createRequire(import.meta.url)('ini') as typeof import('ini');
  return parse(text);
}

function checkedFormat({ value, from }: Setting<string | undefined>): Setting<OutputFormat> {
  if (value === undefined) return { value: 'table', from };
  if (FORMATS.includes(value)) return { value: value as OutputFormat, from };
  throw new OsiError(
    'SETTINGS_INVALID',
    `format is "${value}" (from ${from}), expected ${FORMATS.join(', ')}`,
    {
      hint: 'correct the setting, or give --json or --ndjson',
      fields: { value, from },
    },
  );
}
