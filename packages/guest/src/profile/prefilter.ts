import { findEntry, type KeyFileGroup, parseKernelName, sameMachine } from '@osi-linux/kconf';
import type { Dump } from '@osi-linux/memory';
import { findNamedRoots, type KernelLocation, locateThrough } from '@osi-linux/symbols';
import { type Banner, scanImageForBanner } from '../kernel/banner';

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
  const banner = bannerAt(dump, locateThrough(dump.memory, root));
  return groups.filter((group) => {
    const name = findEntry(group, 'name')?.value;
    if (name === undefined) return true;
    const { release = '', version, machine = architecture.name } = parseKernelName(name);
    const told = banner === undefined || (banner.text.includes(version) && banner.text.includes(release));
    return told && sameMachine(machine, architecture.name);
  });
}

function bannerAt({ memory }: Dump, location: KernelLocation | undefined): Banner | undefined {
  const start = location?.tables.translate(location.textBase);
  return start === undefined ? undefined : scanImageForBanner(memory, start);
}
