import { encodeQemuNote, encodeStatusNote } from '../formats/elf/cpu-note-writer';
import { formatRegisters, NOTE_PROFILE, NOTE_REGISTERS, OWN_NOTE } from '../formats/elf/own-notes';
import type { DumpContent } from './dump-content';

const NT_PRSTATUS = 1;

/**
 * The notes of a dump, as a PT_NOTE segment has them.
 *
 * Those of other programs are written only if every processor has the registers for them: the n-th note is
 * that of processor n, and an unknown register must not be written as zero.
 */
export function contentNotes({ cpus, machine, vmcoreinfo, profile }: DumpContent): Uint8Array {
  const text = new TextEncoder();
  const notes: Uint8Array[] = [];
  const inOrder = cpus.every(({ index }, at) => index === at);
  if (inOrder && cpus.every(({ registers }) => 'rip' in registers && 'rsp' in registers)) {
    for (const cpu of cpus) notes.push(note('CORE', NT_PRSTATUS, encodeStatusNote(cpu, machine)));
  }
  if (
    inOrder &&
    cpus.every(({ registers }) =>
      (['cr0', 'cr3', 'cr4', 'gs_base'] as const).every((name) => name in registers),
    )
  ) {
    for (const cpu of cpus) notes.push(note('QEMU', 0, encodeQemuNote(cpu)));
  }
  if (vmcoreinfo !== undefined) notes.push(note('VMCOREINFO', 0, text.encode(vmcoreinfo)));
  if (cpus.length > 0) notes.push(note(OWN_NOTE, NOTE_REGISTERS, text.encode(formatRegisters(cpus))));
  if (profile !== undefined) notes.push(note(OWN_NOTE, NOTE_PROFILE, text.encode(profile)));
  return joined(notes);
}

/** One note; name and contents are padded to 4 bytes each (gABI, "Note Section"). */
function note(name: string, type: number, desc: Uint8Array): Uint8Array {
  const nameSize = name.length + 1;
  const descAt = 12 + pad4(nameSize);
  const bytes = new Uint8Array(descAt + pad4(desc.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nameSize, true);
  view.setUint32(4, desc.length, true);
  view.setUint32(8, type, true);
  bytes.set(new TextEncoder().encode(name), 12);
  bytes.set(desc, descAt);
  return bytes;
}

function pad4(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
