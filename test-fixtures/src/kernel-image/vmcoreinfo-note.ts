/**
 * Writes a VMCOREINFO note as it is in memory: Elf64_Nhdr, the name padded to 4 bytes, the text padded
 * likewise.
 */
export function writeVmcoreinfoNote(text: string): Uint8Array {
  const name = new TextEncoder().encode('VMCOREINFO\0\0');
  const desc = new TextEncoder().encode(text);
  const note = new Uint8Array(12 + name.length + Math.ceil(desc.length / 4) * 4);
  const view = new DataView(note.buffer);
  view.setUint32(0, 11, true);
  view.setUint32(4, desc.length, true);
  note.set(name, 12);
  note.set(desc, 12 + name.length);
  return note;
}
