import { OsiError } from '@osi-linux/core';
import { portableCodecs } from '../../codecs/codecs';
import type { Dump, DumpFormat, Finding, OpenDumpOptions } from '../../dump';
import { FrameMemory } from '../../pages/frame-memory';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import { damagedDump } from '../unsupported/damaged-dump';
import { otherMachine, otherMachineOfRam } from '../unsupported/other-machine';
import { eachTarMember, isTar } from '../unsupported/tar';
import { cpusOfSections, machineOfCpus } from './cpu-section';
import { isLibvirtSave, isStream, streamInLibvirtSave } from './libvirt-save';
import { placeableBlocks, placeBlocks, rolesOf } from './placement';
import type { RamSections } from './ram-section';
import { type DeviceSection, StreamSections } from './sections';
import { StreamFrames } from './stream-frames';
import { StreamReader } from './stream-reader';

/**
 * QEMU's migration streams: `migrate` into a file, the files of `virsh save`, the `NAME-rr-snp` of a PANDA recording,
 * alone or as `snapshot` in a tar archive.
 *
 * Read by QEMU docs/devel/migration/main.rst and mapped-ram.rst, migration/savevm.c and migration/ram.c. Opening
 * reads the stream once from front to back; the pages stay in the file. Where a page was sent more than once, the
 * last one counts.
 */
export const qemuStream: DumpFormat = {
  name: 'qemu-stream',
  usesSplit: true,
  probe: (source) => (isAnyStream(source) ? 'yes' : 'no'),
  open: openStream,
};

const VERSION = 3;
const CMOS_BYTES = 128;

function isAnyStream(source: ByteSource): boolean {
  return isStream(source, 0) || isLibvirtSave(source) || (isTar(source) && memberOf(source) !== undefined);
}

function memberOf(archive: ByteSource): ByteSource | undefined {
  for (const member of eachTarMember(archive)) if (isStream(member, 0)) return member;
  return undefined;
}

function openStream(whole: ByteSource, options: OpenDumpOptions = {}): Dump {
  const findings: Finding[] = [];
  const source = isTar(whole) ? (memberOf(whole) ?? whole) : whole;
  const start = isLibvirtSave(source) ? streamInLibvirtSave(source, findings) : 0;
  const sections = new StreamSections(openReader(source, start), placeableBlocks);
  sections.walk();
  const { ram } = sections;
  if (ram === undefined || ram.blocks.length === 0) {
    throw damagedDump(source, 'QEMU stream', sections.end?.text ?? 'it has no section of RAM', {});
  }
  rejectMachine(source, ram);
  findings.push(...sections.findings, ...findingsOf(sections, ram));
  const { belowFourGiB } = options;
  const clues = { belowFourGiB, machine: sections.machine, cmos: readCmos(source, sections.devices) };
  const spans = placeBlocks(ram.blocks, clues, findings);
  const cpus = cpusOfSections(source, sections.devices, findings);
  const machine = machineOfCpus(cpus);
  const { zlib } = options.codecs ?? portableCodecs;
  const end = sections.ramComplete ? undefined : sections.end;
  return {
    format: 'qemu-stream',
    memory: new FrameMemory(new StreamFrames({ source, spans, zlib, end })),
    cpus,
    ...(machine === undefined ? {} : { machine }),
    findings,
    close: () => whole.close(),
  };
}

/** @throws OsiError `DUMP_MACHINE_UNSUPPORTED` where the RAM is that of a known machine that is not x86. */
function rejectMachine(source: ByteSource, { blocks }: RamSections): void {
  for (const { name } of blocks) {
    const other = otherMachineOfRam(name);
    if (other !== undefined)
      throw otherMachine(source, 'a QEMU stream', other, `its RAM is the block ${name}`);
  }
}

function openReader(source: ByteSource, start: number): StreamReader {
  const head = readAt(source, start, 8);
  if (!isStream(source, start) || head.length < 8) {
    throw damagedDump(source, 'QEMU stream', `no stream begins at offset ${start}`, { start });
  }
  const version = new DataView(head.buffer, head.byteOffset).getUint32(4);
  if (version !== VERSION) {
    throw new OsiError('DUMP_FORMAT_UNSUPPORTED', `${source.name} is a QEMU stream of version ${version}`, {
      hint: 'only version 3 is supported, which QEMU writes since 0.10',
      fields: { source: source.name, version },
    });
  }
  return new StreamReader(source, start + 8);
}

function findingsOf(sections: StreamSections, ram: RamSections): Finding[] {
  const findings: Finding[] = [];
  const { end } = sections;
  if (end !== undefined) {
    const what = end.code === 'DUMP_TRUNCATED' ? 'truncated' : 'damaged';
    const lost = sections.ramComplete
      ? 'all pages were read'
      : 'pages are missing, or older than the last ones';
    findings.push({ what, value: `the stream was not read to its end; ${lost}`, evidence: end.text });
  } else if (!sections.ramComplete) {
    findings.push({ what: 'truncated', value: 'pages may be missing', evidence: 'RAM has no last section' });
  }
  if (ram.deltas > 0) {
    const evidence = 'records of the kind XBZRLE hold only what changed in a page';
    findings.push({ what: 'deltas', value: `${ram.deltas} deltas were sent in place of pages`, evidence });
  }
  if (ram.setup.version === 3) {
    const evidence = 'the section of RAM is of version 3, which names no blocks';
    findings.push({ what: 'ram-version', value: 'all memory is taken as one block of RAM', evidence });
  }
  const elsewhere = rolesOf(ram.blocks).ram.filter((block) => block.isEmpty);
  if (ram.setup.capabilities.includes('x-ignore-shared') && elsewhere.length > 0) {
    const names = elsewhere.map(({ name }) => name).join(', ');
    const evidence = 'capability x-ignore-shared: the RAM is in the file of its memory-backend-file';
    findings.push({
      what: 'ram-elsewhere',
      title: 'RAM',
      value: `the stream has no page of ${names}`,
      evidence,
    });
  }
  if (ram.multifd) {
    const evidence = 'marks of multifd, whose other channels are not in a file';
    findings.push({ what: 'multifd', value: 'pages may be missing', evidence });
  }
  for (const block of ram.cut) {
    const evidence = `block ${block.name} has ${block.pages} pages, more than the file can hold`;
    findings.push({
      what: 'block-size',
      value: `${block.known} pages of ${block.name} are looked at`,
      evidence,
    });
  }
  return findings;
}

/** QEMU hw/rtc/mc146818rtc.c, vmstate_rtc: the CMOS is its first field. */
function readCmos(source: ByteSource, devices: readonly DeviceSection[]): Uint8Array | undefined {
  const rtc = devices.find((device) => device.name === 'mc146818rtc');
  if (rtc === undefined) return undefined;
  const field = rtc.description?.fields.find(({ name }) => name === 'cmos_data');
  return readAt(source, rtc.position + (field?.offset ?? 0), CMOS_BYTES);
}
