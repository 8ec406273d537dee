import { formatSection, isGroupName, type KernelInfo } from '@osi-linux/kconf';

/** Name of the group where a profile has none that can be written: one that was derived. */
const UNNAMED = 'derived';

/**
 * A profile as a section of `kernelinfo.conf`, with the values in use now: it reads back as the same values.
 */
export function formatProfileSection(group: string | null, info: KernelInfo): string {
  const lines = Object.entries(info).map(([key, value]) => `${key} = ${valueText(value)}`);
  return formatSection(group !== null && isGroupName(group) ? group : UNNAMED, lines);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** A text with the escapes of GLib's key files; blanks at its ends would be cut off. */
function valueText(value: string | number | bigint | undefined): string {
  return String(value)
    .replace(/[\\\n\t\r]/g, (character) => ESCAPES[character] ?? character)
    .replace(/^ | $/g, '\\s');
}
