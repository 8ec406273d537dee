/** A boot image of x86 with a payload (Documentation/arch/x86/boot.rst): two sectors of setup, then the payload. */
export function writeBootImage(payload: Uint8Array, { protocol = 0x20f, offset = 64 } = {}): Uint8Array {
  const setup = 1;
  const bytes = new Uint8Array((setup + 1) * 512 + offset + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0x1f1, setup);
  view.setUint16(0x1fe, 0xaa55, true);
  bytes.set(new TextEncoder().encode('HdrS'), 0x202);
  view.setUint16(0x206, protocol, true);
  view.setUint32(0x248, offset, true);
  view.setUint32(0x24c, payload.length, true);
  bytes.set(payload, (setup + 1) * 512 + offset);
  return bytes;
}
