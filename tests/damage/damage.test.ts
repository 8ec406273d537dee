import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { BytesSource, openDump } from '@osi-linux/memory';
import {
  blankStruct,
  DAMAGE_KINDS,
  type DamagedAnswers,
  DamagedMemory,
  DamageTally,
  Random,
  structExtent,
} from '@osi-linux/test-fixtures/damage';
import { afterAll, describe, expect, it } from 'vitest';
import { repository } from '../repository';
import { formatDamagePage, formatTallies } from './damage-page';
import { findStructs, openSubject } from './damage-subjects';

/** The guests, and how often each kind of damage is done to each of them. */
const GUESTS = ['debian-11-686-pae', 'debian-12-amd64', 'debian-sid-amd64'];
const RUNS = 6;
const SEED = 1;
const STRUCTS = 2;

const { env } = process;
const guests = env['OSI_LINUX_DAMAGE_GUEST'] === undefined ? GUESTS : [env['OSI_LINUX_DAMAGE_GUEST']];
const runs = Number(env['OSI_LINUX_DAMAGE_RUNS'] ?? RUNS);
const seed = Number(env['OSI_LINUX_DAMAGE_SEED'] ?? SEED);
/** As all timeouts of tests a guard, which grows with the number of runs. */
const timeout = 600_000 + runs * 10_000;

const random = new DamageTally();
const blanked = new DamageTally();
/** Seeds far apart, so that no run of one is a run of another. */
const randomOf = (run: number) => new Random(seed * 1_000_003 + run);

function answersOf(answers: DamagedAnswers | OsiError): DamagedAnswers | undefined {
  return OsiError.is(answers) ? undefined : answers;
}

describe.each(guests)('the guest %s', (name) => {
  const { subject, bytes } = openSubject(name);
  const { dump, kernel, touched } = subject;
  const { wordSize } = kernel.memory.architecture;

  /** Damages the guest again and again; a forbidden result is reported with the run that shows it. */
  function faultsOf(damage: string, read: (run: number) => DamagedAnswers | OsiError): string[] {
    const faults: string[] = [];
    for (let run = 0; run < runs; run += 1) {
      const answers = answersOf(read(run));
      random.add(damage, answers);
      for (const fault of answers?.faults ?? []) faults.push(`seed ${seed}, run ${run}: ${fault}`);
    }
    return faults;
  }

  it.each(DAMAGE_KINDS)('invents nothing, fails at nothing and ends: $name', { timeout }, (kind) => {
    const faults = faultsOf(kind.name, (run) => {
      const memory = new DamagedMemory(dump.memory);
      kind.apply(memory, touched, randomOf(run), wordSize);
      return subject.read({ ...dump, memory });
    });
    expect(faults).toEqual([]);
  });

  it.skipIf(bytes === undefined)(
    'invents nothing, fails at nothing and ends: file truncated',
    { timeout },
    () => {
      const whole = bytes ?? new Uint8Array();
      const faults = faultsOf('file truncated', (run) => {
        try {
          return subject.read(
            openDump(new BytesSource(whole.subarray(0, randomOf(run).below(whole.length)))),
          );
        } catch (error) {
          if (!OsiError.is(error)) throw error;
          return error;
        }
      });
      expect(faults).toEqual([]);
    },
  );

  it('says what is missing where one structure is blank, and makes nothing of it', { timeout }, () => {
    const said: string[] = [];
    for (const [struct, addresses] of findStructs(kernel, subject.linux)) {
      const step = Math.ceil(addresses.length / STRUCTS);
      let missing = 0;
      for (const address of addresses.filter((_, index) => index % step === 0)) {
        const memory = new DamagedMemory(dump.memory);
        blankStruct(memory, kernel, address, structExtent(kernel, struct));
        const answers = answersOf(subject.read({ ...dump, memory }));
        blanked.add(struct, answers);
        missing += answers?.skipped.length ?? 1;
        for (const sentence of answers === undefined ? [] : sentencesOf(answers))
          said.push(`${struct} 0x${address.toString(16)}: ${sentence}`);
      }
      if (missing === 0) said.push(`${struct}: no listing says that anything is missing`);
    }
    expect(said).toEqual([]);
  });
});

/** All that may not come of a blank structure: its zeros are never values. */
function sentencesOf({ faults, changes, counts }: DamagedAnswers): string[] {
  return [
    ...faults,
    ...changes.map(({ text }) => `changed ${text}`),
    ...[...counts].flatMap(([listing, { silent }]) =>
      silent === 0 ? [] : [`${listing} lacks ${silent} rows or fields without a word`],
    ),
  ];
}

describe('the harness', () => {
  it('sees an invented row, a changed field and a silent loss', () => {
    const { subject } = openSubject(guests[0] ?? '');
    const [first] = subject.linux.getProcesses();
    const forged = Object.create(subject.linux, {
      getProcesses: {
        value: () =>
          Object.assign(
            [
              { ...first, taskd: 0x1234n },
              { ...subject.linux.getProcesses()[1], name: 'forged' },
            ],
            {
              skipped: [],
            },
          ),
      },
    }) as typeof subject.linux;
    const answers = answersOf(subject.readAs(subject.dump, () => forged));
    expect(answers?.faults.join()).toMatch(/^ps: invented /);
    expect(answers?.changes.map(({ field }) => field)).toEqual(['ps.name']);
    expect(answers?.counts.get('ps')?.silent).toBeGreaterThan(50);
  });
});

describe('docs/damage.md', () => {
  afterAll(() => {
    console.log(`seed ${seed}, ${runs} runs of each damage to each of ${guests.join(', ')}`);
    console.log(formatTallies(random, blanked).join('\n'));
  });

  it('is what the runs have counted; `vitest -u` writes it', async () => {
    const report = { seed, runs, guests, random: random.toJSON(), blanked: blanked.toJSON() };
    mkdirSync(join(repository, '.reports'), { recursive: true });
    writeFileSync(join(repository, '.reports', 'damage.json'), `${JSON.stringify(report, null, 2)}\n`);
    expect(random.runs).toBeGreaterThan(0);
    if (runs !== RUNS || seed !== SEED || guests !== GUESTS) return;
    await expect(formatDamagePage({ guests, runs, random, blanked })).toMatchFileSnapshot(
      '../../docs/damage.md',
    );
  });
});
