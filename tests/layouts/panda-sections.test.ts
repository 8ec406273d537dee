import { existsSync, readFileSync } from 'node:fs';
import { KERNELINFO_SCHEMA } from '@osi-linux/kconf';
import { readSections, type SectionKeys } from '@osi-linux/test-fixtures/layout-guest';
import { readOldKernelsConf } from '@osi-linux/test-fixtures/old-kernels';
import { describe, expect, it } from 'vitest';
import { itAnswersAsPanda, openPandaGuest } from './panda-answers';

// PANDA's own kernelinfo.conf is GPL, and so not in this repository: its sections are tested where a copy lies beside it,
// or where OSI_LINUX_PANDA_CONF names one.
const beside = new URL('../../../shared/data/panda-kernelinfo.conf', import.meta.url).pathname;
const path = process.env['OSI_LINUX_PANDA_CONF'] ?? beside;
const present = existsSync(path);
const pandaFile = present ? readFileSync(path, 'utf8') : '';
const ours = readOldKernelsConf();

const named = (sections: readonly SectionKeys[]) => sections.map((keys) => [keys.group, keys] as const);

/** The keys that PANDA reads. */
const PANDA_KEYS: ReadonlySet<string> = new Set(
  KERNELINFO_SCHEMA.filter((row) => {
    const required: readonly string[] = 'requiredIn' in row ? row.requiredIn : [];
    return required.includes('current') || 'optionalInPanda' in row;
  }).map(({ key }) => key),
);

/** The same sections with PANDA's keys only. */
const stripped = ours
  .split('\n')
  .filter((line) => line.startsWith('[') || PANDA_KEYS.has(line.split(' = ')[0] ?? ''))
  .join('\n');

describe.each(named(readSections(stripped)))("a guest of PANDA's keys of [%s]", (_, keys) => {
  itAnswersAsPanda(openPandaGuest(keys, stripped));
});

describe('a section that has the area of the first processor alone', () => {
  const alone = stripped.replace(/^(task\.per_cpu_offsets_addr) = .*$/gm, '$1 = 0');
  itAnswersAsPanda(openPandaGuest(readSections(alone)[0] as SectionKeys, alone));
});

describe('a section whose current_task is init_task', () => {
  const [first] = readSections(stripped);
  const init = `task.current_task_addr = ${first?.text('task.init_addr')}`;
  const contradicting = stripped.replace(/^task\.current_task_addr = .*$/m, init);
  itAnswersAsPanda(openPandaGuest(readSections(contradicting)[0] as SectionKeys, contradicting));
});

/** PANDA loads neither of the two without `fs.fdt_offset`; one is of Linux 2.4, whose list of tasks is not read. */
const isRead = (keys: SectionKeys) =>
  /^(i\d86|x86_64)$/.test(keys.kernelName.machine) && keys.has('fs.fdt_offset', 'task.tasks_offset');

describe(`PANDA's own file${present ? '' : ' (not here: set OSI_LINUX_PANDA_CONF to its path)'}`, () => {
  const sections = readSections(pandaFile).filter(isRead);

  it.skipIf(!present)('has 14 such sections of x86 that PANDA loads', () => {
    expect(sections).toHaveLength(14);
  });

  describe.each(named(sections))('a guest of [%s]', (_, keys) => {
    itAnswersAsPanda(openPandaGuest(keys, pandaFile));
  });
});
