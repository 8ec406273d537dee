import { readAt } from '../../sources/read-at';
import type { StreamReader } from './stream-reader';

/** A field of a device, at its place in the device's section. */
export interface StateField {
  readonly name: string;
  readonly offset: number;
  /** Bytes of one element. */
  readonly size: number;
  readonly count: number;
  /** The fields of a structure, at their places in it. */
  readonly members: readonly StateField[];
}

/** The description of a device's section in the stream. */
export interface DeviceDescription {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  /** Bytes of the section between its header and its footer. */
  readonly size: number;
  readonly fields: readonly StateField[];
}

const VMDESC = 6;
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_CANDIDATES = 4;
const MOST_DEPTH = 8;
// QEMU's text begins so; until 6.0 with a blank behind the brace.
const STARTS = [/\{"page_size"/, /\{ "page_size"/];

/**
 * The description of all device sections that QEMU puts behind a stream (QEMU migration/savevm.c,
 * should_send_vmdesc): a byte 6, the length, JSON text. It is looked for from the end of the file.
 */
export function findVmdesc({ source, position }: StreamReader): DeviceDescription[] {
  const start = Math.max(position, source.size - MOST_BYTES);
  const bytes = readAt(source, start, source.size - start);
  const text = new TextDecoder('latin1').decode(bytes);
  let before = text.length;
  for (let tried = 0; tried < MOST_CANDIDATES; tried += 1) {
    const name = text.lastIndexOf('"page_size"', before);
    if (name < 6) return [];
    before = name - 1;
    const brace = text.lastIndexOf('{', name);
    if (brace < 5 || !STARTS.some((pattern) => text.slice(brace, name + 11).search(pattern) === 0)) continue;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(brace - 4);
    if (bytes[brace - 5] !== VMDESC || brace + length > bytes.length) continue;
    const devices = parseDevices(text.slice(brace, brace + length));
    if (devices !== undefined) return devices;
  }
  return [];
}

function parseDevices(text: string): DeviceDescription[] | undefined {
  try {
    const devices = listIn(JSON.parse(text), 'devices');
    return devices.map((device) => ({
      name: textIn(device, 'name'),
      instance: numberIn(device, 'instance_id'),
      version: numberIn(device, 'version'),
      ...layout(device),
    }));
  } catch {
    // No JSON: part of the guest's memory, or damaged.
    return undefined;
  }
}

function layout(device: unknown): { size: number; fields: StateField[] } {
  const fields = fieldsOf(device, 0);
  const last = fields[fields.length - 1];
  const own = last === undefined ? 0 : last.offset + last.size * last.count;
  return { size: own + subsectionsSize(device, 0), fields };
}

function fieldsOf(parent: unknown, depth: number): StateField[] {
  const fields: StateField[] = [];
  let offset = 0;
  for (const field of listIn(parent, 'fields')) {
    const size = numberIn(field, 'size');
    const count = numberIn(field, 'array_len', 1);
    const struct = (field as { struct?: unknown }).struct;
    const members = struct === undefined || depth >= MOST_DEPTH ? [] : fieldsOf(struct, depth + 1);
    fields.push({ name: textIn(field, 'name'), offset, size, count, members });
    offset += size * count;
  }
  return fields;
}

/** Each one that was needed: a byte 5, its name with a length byte, its version, then its fields and its own ones. */
function subsectionsSize(parent: unknown, depth: number): number {
  if (depth >= MOST_DEPTH) return 0;
  let size = 0;
  for (const subsection of listIn(parent, 'subsections')) {
    size += 6 + textIn(subsection, 'vmsd_name').length;
    for (const field of fieldsOf(subsection, 0)) size += field.size * field.count;
    size += subsectionsSize(subsection, depth + 1);
  }
  return size;
}

function valueIn(parent: unknown, key: string): unknown {
  return typeof parent === 'object' && parent !== null ? (parent as Record<string, unknown>)[key] : undefined;
}

function listIn(parent: unknown, key: string): readonly unknown[] {
  const value = valueIn(parent, key);
  return Array.isArray(value) ? value : [];
}

function textIn(parent: unknown, key: string): string {
  const value = valueIn(parent, key);
  return typeof value === 'string' ? value : '';
}

function numberIn(parent: unknown, key: string, otherwise = 0): number {
  const value = valueIn(parent, key);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}
