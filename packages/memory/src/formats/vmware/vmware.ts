import { OsiError, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding, OpenDumpOptions } from '../../dump';
import { MappedMemory } from '../../pages/mapped-memory';
import type { FileRun } from '../../pages/runs';
import type { ByteSource } from '../../sources/byte-source';
import { openPlainCopy } from '../raw/plain-copy';
import { splitUnused } from '../raw/split-unused';
import { damagedDump } from '../unsupported/damaged-dump';
import { isVmwareState, type MemoryRegion, readVmwareState, type VmwareState } from './vmware-state';

/**
 * VMware's suspended machines and snapshots: a .vmss or .vmsn file of groups and tags (crash, vmware_vmss.h and
 * vmware_vmss.c; volatility3, layers/vmware.py), with the memory inside of it or in a .vmem file beside it.
 *
 * Either of the two files may be given. A .vmem file alone is taken as a plain copy of memory, and a finding reports
 * that.
 */
export const vmware: DumpFormat = {
  name: 'vmware',
  usesSplit: true,
  probe: (source) => (isVmwareState(source) || endsWith(source.name, MEMORY_FILE) ? 'yes' : 'no'),
  open: openVmware,
};

const MEMORY_FILE = '.vmem';
const STATE_FILES = ['.vmss', '.vmsn'];
// A guest with more memory than this may have a hole in it, which the file has not.
const SMALLEST_HOLE_AT = 2 ** 31;

function openVmware(source: ByteSource, options: OpenDumpOptions = {}): Dump {
  const findings: Finding[] = [];
  if (isVmwareState(source)) {
    const state = readVmwareState(source, findings);
    if (state.memory !== undefined) return dumpOf(source, source, state, findings, options);
    const memory = beside(source, [MEMORY_FILE]);
    if (memory === undefined) throw memoryMissing(source);
    return dumpOf(source, memory, state, findings, options);
  }
  return openMemoryFile(source, findings, options);
}

/** A fault of the state file must not cost the memory. */
function openMemoryFile(source: ByteSource, findings: Finding[], options: OpenDumpOptions): Dump {
  let state: ByteSource | undefined;
  try {
    state = beside(source, STATE_FILES);
    if (state === undefined) return flat(source, 'no .vmss or .vmsn file is beside it', findings, options);
    if (!isVmwareState(state)) throw notAState(state);
    return dumpOf(
      state,
      source,
      { ...readVmwareState(state, findings), memory: undefined },
      findings,
      options,
    );
  } catch (error) {
    state?.close();
    if (!OsiError.is(error) || error.code.startsWith('DUMP_SPLIT_')) throw error;
    return flat(source, error.message, findings, options);
  }
}

function dumpOf(
  state: ByteSource,
  memory: ByteSource,
  content: VmwareState,
  findings: Finding[],
  options: OpenDumpOptions,
): Dump {
  const close = () => {
    state.close();
    if (memory !== state) memory.close();
  };
  if (content.memory === undefined && content.regions.length === 0) {
    const copy = openPlainCopy(memory, options);
    return {
      ...copy,
      format: 'vmware',
      cpus: content.cpus,
      findings: [...findings, ...copy.findings],
      close,
    };
  }
  if (options.belowFourGiB !== undefined) throw splitUnused(memory, 'vmware');
  const inside = content.memory ?? { offset: 0, size: memory.size };
  const regions = content.regions.length > 0 ? content.regions : [wholeMemory(inside.size)];
  return {
    format: 'vmware',
    memory: new MappedMemory(memory, mapOfRegions(memory, inside, regions, findings)),
    cpus: content.cpus,
    findings,
    close,
  };
}

function wholeMemory(size: number): MemoryRegion {
  return { page: 0, frame: 0, pages: Math.ceil(size / PAGE_SIZE) };
}

function mapOfRegions(
  source: ByteSource,
  inside: { readonly offset: number; readonly size: number },
  regions: readonly MemoryRegion[],
  findings: Finding[],
) {
  const present: FileRun[] = [];
  const lost: PhysicalRange[] = [];
  const fileEnd = Math.min(source.size, inside.offset + inside.size);
  let missing = 0;
  for (const { page, frame, pages } of regions) {
    const offset = inside.offset + page * PAGE_SIZE;
    const start = frame * PAGE_SIZE;
    const size = pages * PAGE_SIZE;
    const there = Math.max(0, Math.min(size, fileEnd - offset));
    if (there > 0) present.push({ start, end: start + there, offset });
    if (there < size) lost.push({ start: start + there, end: start + size });
    missing += size - there;
  }
  if (missing > 0) {
    const evidence = `the regions need more than the ${fileEnd - inside.offset} bytes of ${source.name}`;
    findings.push({ what: 'truncated', value: `${missing} bytes are missing`, evidence });
  }
  return { present, lost, undumped: [] };
}

function flat(source: ByteSource, evidence: string, findings: Finding[], options: OpenDumpOptions): Dump {
  const plain = 'read as raw memory, without regions and registers';
  const value =
    source.size > SMALLEST_HOLE_AT && options.belowFourGiB === undefined
      ? `${plain}; its addresses may be wrong behind the hole below 4 GiB`
      : plain;
  findings.push({ what: 'vmware-state', value, evidence });
  return dumpOf(source, source, { memory: undefined, regions: [], cpus: [] }, findings, options);
}

function notAState(state: ByteSource): OsiError {
  return damagedDump(state, 'VMware snapshot', 'it does not begin as one', {});
}

/** The first file beside a source that has its name with another ending. */
function beside(source: ByteSource, endings: readonly string[]): ByteSource | undefined {
  const file = source.name.slice(Math.max(source.name.lastIndexOf('/'), source.name.lastIndexOf('\\')) + 1);
  const stem = file.replace(/\.[^.]*$/, '');
  for (const ending of endings) {
    const found = source.beside?.(stem + ending);
    if (found !== undefined) return found;
  }
  return undefined;
}

function endsWith(name: string, ending: string): boolean {
  return name.toLowerCase().endsWith(ending);
}

function memoryMissing(source: ByteSource): OsiError {
  return new OsiError(
    'DUMP_PART_MISSING',
    `${source.name} contains no memory, and there is no .vmem file beside it`,
    {
      hint: 'put the .vmem file of the same name into the same folder, or name the .vmem file',
      fields: { source: source.name },
    },
  );
}
