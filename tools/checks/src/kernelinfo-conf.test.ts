import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findSchemaRow,
  type KernelInfo,
  parseKernelInfo,
  safeParseKernelInfo,
  safeParseKeyFile,
} from '@osi-linux/kconf';
import { readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { repository } from './workspace';

const { file, issues } = safeParseKeyFile(readFileSync(join(repository, 'kernelinfo.conf')));
const sections = new Map(
  file.groups.map((group) => [parseKernelInfo(group)['name'], parseKernelInfo(group)]),
);

/** The keys that differ with the machine and with KASLR. */
const PER_BOOT: ReadonlySet<string> = new Set(['kernel.phys_base', 'kernel.pgtable_levels']);

/** The keys that a kernel keeps from boot to boot: no addresses. */
function layoutOf(info: KernelInfo): Record<string, unknown> {
  const kept = Object.entries(info).filter(
    ([key]) => findSchemaRow(key)?.kind !== 'address' && !PER_BOOT.has(key),
  );
  return Object.fromEntries(kept);
}

describe('kernelinfo.conf of the project', () => {
  it('is a sound key file', () => {
    expect(issues).toEqual([]);
    expect(file.groups.length).toBeGreaterThan(5);
  });

  it.each(file.groups.map((group) => [group.name, group] as const))('[%s] is sound', (_, group) => {
    const wrong = safeParseKernelInfo(group).issues.filter(({ severity }) => severity !== 'warning');
    expect(wrong).toEqual([]);
  });

  it.each(readRecordedGuests().map((guest) => [guest.name, guest] as const))(
    'has the layout that the recorded guest %s has, where it has its kernel',
    (_, guest) => {
      const [group] = safeParseKeyFile(readFileSync(guest.kconfFile)).file.groups;
      if (group === undefined) throw new Error(`${guest.kconfFile} has no group`);
      const recorded = parseKernelInfo(group);
      const shipped = sections.get(recorded['name']);
      if (shipped !== undefined) expect(layoutOf(shipped)).toEqual(layoutOf(recorded));
    },
  );

  it('has most of the kernels of the recorded guests', () => {
    const names = readRecordedGuests().map(
      ({ kconfFile }) => /^name = (.*)$/m.exec(readFileSync(kconfFile, 'utf8'))?.[1],
    );
    const known = names.filter((name) => sections.has(name));
    expect(known.length).toBeGreaterThan(names.length / 2);
  });
});
