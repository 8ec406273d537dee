import { deflateSync } from 'node:zlib';
import { type ExportedDump, exportDump, type Guest } from '@osi-linux/guest';
import type { JsonRow } from '../../output/json-value';
import { cellText } from '../../output/print-rows';
import type { Settings } from '../../settings/settings';
import { checkTarget, ExportFile } from '../export-file';
import type { EXPORT_FORMATS } from '../export-formats';
import { profileSource } from '../source';

/** The options and arguments of an export. */
export interface ExportCommand {
  /** The sources, which are not to be written to. */
  readonly sources: readonly string[];
  /** The file to write. */
  readonly out: string;
  readonly format: (typeof EXPORT_FORMATS)[number];
  /** Whether every page is written. */
  readonly all: boolean;
  /** Whether a file that is there is replaced. */
  readonly force: boolean;
  /** Called with how many pages were written, and how many there are. */
  readonly onProgress: ((done: number, all: number) => void) | undefined;
}

/** The result of an export. */
export interface ExportAnswer extends ExportedDump {
  readonly row: JsonRow;
  /** The file with the profile, where the dump cannot carry it. */
  readonly beside: string | undefined;
}

/** Where the profile goes that a format cannot carry. */
function besideOf(out: string): string {
  return `${out}.kernelinfo.conf`;
}

/**
 * Writes a dump anew.
 *
 * @throws OsiError `FILE_EXISTS`, `FILE_UNWRITABLE`; what `exportDump` throws. Then nothing is left behind.
 */
export function exportTo(dump: Guest['dump'], settings: Settings, command: ExportCommand): ExportAnswer {
  const { sources, out, format, all, force, onProgress } = command;
  const carries = format === 'kdump' || format === 'elf';
  for (const target of carries ? [out] : [out, besideOf(out)]) checkTarget(target, sources, force);
  const pages = all ? 'all' : 'touched';
  const options = { format, pages, onProgress, deflate: (page: Uint8Array) => deflateSync(page) } as const;
  const exported = writeFile(out, (file) => exportDump(dump, profileSource(settings), file, options));
  const { profile } = exported;
  const beside = profile === null || profile.carried ? undefined : besideOf(out);
  if (profile !== null && beside !== undefined) {
    writeFile(beside, (file) => file.write(0, Buffer.from(profile.section)));
  }
  const row = {
    format,
    pages: exported.pages,
    bytes: exported.bytes,
    touched: !all,
    profile: profile === null ? null : { from: profile.from, group: profile.group },
  };
  return { ...exported, row, beside };
}

function writeFile<Value>(name: string, write: (file: ExportFile) => Value): Value {
  const file = new ExportFile(name);
  let value: Value;
  try {
    value = write(file);
  } catch (error) {
    file.discard();
    throw error;
  }
  file.commit();
  return value;
}

/** The answer for people. */
export function formatExport(out: string, { row, profile, pages, bytes }: ExportAnswer): string {
  const which = row['touched'] === true ? 'pages that the listings need' : 'pages (all)';
  const told = profile === null ? 'no profile' : `profile [${profile.group ?? 'derived'}] (${profile.from})`;
  return cellText(`${out}: ${String(row['format'])}, ${pages} ${which}, ${bytes} bytes, ${told}`);
}
