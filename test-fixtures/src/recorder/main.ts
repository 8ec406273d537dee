// pnpm record:guest GUEST KCONF_FILE TARGET: of a guest of the builder.
// pnpm record:guest --dump DUMP --log LOG [--truth TRUTH] KCONF_FILE TARGET: of any other.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { attempt } from '@osi-linux/core';
import { openDumpFile } from '@osi-linux/guest/node';
import { parseGuestTruth } from '../truth/guest-truth';
import { formatGuestTruth, readTruthJson } from '../truth/truth-json';
import { parseTruthRecords } from '../truth/truth-records';
import { builtGuestParts, type RecordingSource, recordGuest } from './recorder';

const USAGE = `usage: pnpm record:guest GUEST_FOLDER KERNELINFO_CONF TARGET_FOLDER
       pnpm record:guest --dump DUMP --log LOG [--truth TRUTH] KERNELINFO_CONF TARGET_FOLDER`;

/** A truth as JSON, from JSON or from the collector's records. */
function readTruth(path: string, dumpFile: string): string {
  const bytes = readFileSync(path);
  if (bytes[0] === '{'.charCodeAt(0)) return `${formatGuestTruth(readTruthJson(bytes.toString()))}\n`;
  const dump = openDumpFile(dumpFile);
  const cpus = dump.cpus.length;
  dump.close();
  return `${formatGuestTruth(parseGuestTruth(parseTruthRecords(bytes).records, { cpus }))}\n`;
}

function readArguments(args: readonly string[]): RecordingSource | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { dump: { type: 'string' }, log: { type: 'string' }, truth: { type: 'string' } },
  });
  const given = values.dump !== undefined && values.log !== undefined;
  const [kconfFile, target] = positionals.slice(-2);
  if (positionals.length !== (given ? 2 : 3) || kconfFile === undefined || target === undefined)
    return undefined;
  const places = { kconfFile, target: resolve(target) };
  if (!given) return { ...builtGuestParts(String(positionals[0])), ...places };
  const { dump: dumpFile = '', log: logFile = '', truth } = values;
  return {
    dumpFile,
    logFile,
    truth: truth === undefined ? undefined : readTruth(truth, dumpFile),
    reproduce: ['pnpm new:kernel LOG DUMP NAME, by hand as docs/adding-a-kernel.md says'],
    ...places,
  };
}

const source = readArguments(process.argv.slice(2));
if (source === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else if (existsSync(source.target)) {
  console.error(`record:guest: ${source.target} exists already; remove it first`);
  process.exitCode = 1;
} else {
  attempt(
    () => {
      recordGuest(source);
      console.log(`recorded in ${source.target}`);
    },
    ({ message, hint }) => {
      console.error(`record:guest: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`);
      process.exitCode = 1;
    },
  );
}
