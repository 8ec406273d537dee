import { offsetAddress } from '@osi-linux/core';
import { findEntry, type KeyFileGroup, parseKernelName, sameMachine } from '@osi-linux/kconf';
import type { Dump } from '@osi-linux/memory';
import { findNamedRoots, type KernelLocation, locateThrough } from '@osi-linux/symbols';
import { eachImageBanner } from '../kernel/banner';

/** To look for the banner costs about as much as to hold this many groups against memory. */
const FEW = 2;

/**
 * Those of several groups that may be of the kernel in memory, by their names: version and release occur whole in the
 * guest's banner, and the machine agrees. All of them if only a search of all memory would show the kernel.
 */
export function likelyGroups(dump: Dump, groups: readonly KeyFileGroup[]): readonly KeyFileGroup[] {
  const [root] = groups.length > FEW ? findNamedRoots(dump) : [];
  if (root === undefined) return groups;
  const { architecture } = root.form;
  const banners = bannersAt(dump, locateThrough(dump.memory, root));
  return groups.filter((group) => {
    const name = findEntry(group, 'name')?.value;
    if (name === undefined) return true;
    const { release = '', version, machine = architecture.name } = parseKernelName(name);
    const told =
      banners.length === 0 || banners.some((text) => text.includes(version) && text.includes(release));
    return told && sameMachine(machine, architecture.name);
  });
}

/** The banner in `.rodata` of the image; if no page there is read-only, each text that may be one. */
function bannersAt({ memory }: Dump, location: KernelLocation | undefined): string[] {
  const start = location?.tables.translate(location.textBase);
  if (location === undefined || start === undefined) return [];
  const texts: string[] = [];
  for (const { text, address } of eachImageBanner(memory, start)) {
    const virtual = offsetAddress(location.textBase, (address.physical ?? start) - start);
    if (location.tables.mapping(virtual)?.writable === false) return [text];
    if (texts.length < TEXT_LIMIT) texts.push(text);
  }
  return texts;
}

/** More texts than a kernel's image has, of programs of the guest. */
const TEXT_LIMIT = 100;
