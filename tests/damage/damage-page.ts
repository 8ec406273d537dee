import { type DamageTally, damageCells, tallyCells } from '@osi-linux/test-fixtures/damage';
import { formatMarkdownTable } from '@osi-linux/test-fixtures/markdown';

/** The damage, and its result. */
export interface DamageRuns {
  readonly guests: readonly string[];
  /** How often each damage was done to each guest. */
  readonly runs: number;
  readonly random: DamageTally;
  readonly blanked: DamageTally;
}

const INTRODUCTION = `# Damaged dumps

Dumps are often damaged: pages are missing, bytes are wrong, files are cut short. \`npm test\` takes recorded guests,
damages the pages that the listings read, and compares every listing with that of the sound guest. The test fails if

- an error is not an \`OsiError\`, or is thrown after the guest was opened,
- a walk asks for more than twenty times the pages that the sound guest needs, and 50,000 more,
- a listing has a row (a process, a mapping, a descriptor, a mount, a module) that the sound guest does not have. There
  are two exceptions: a row that lacks a field and is marked as incomplete, and a row of \`hidden\`, which lists what is
  in one record of the kernel and missing from another, if a listing is marked as incomplete.

The test cannot require that no value changes: after a bit flip, a user id is still a valid user id. Such changes are
counted.

This page is generated: \`pnpm exec vitest run tests/damage -u\` writes it, with the same damages each time.
\`OSI_LINUX_DAMAGE_RUNS=200\` does more runs, \`OSI_LINUX_DAMAGE_SEED=2\` other damages, and
\`OSI_LINUX_DAMAGE_GUEST=FOLDER\` takes a guest of the builder.
`;

const COLUMNS = `| column   | number of                                                                                   |
| -------- | ------------------------------------------------------------------------------------------- |
| refused  | damaged guests that cannot be opened                                                        |
| read     | damaged guests that are opened and asked for every listing; the columns after it count rows |
| rows     | rows of the sound guests, counted once for each guest that is read                          |
| same     | rows equal to those of the sound guest                                                      |
| nulled   | rows with a field that is null, with the reason                                             |
| lost     | missing rows of a listing that reports what is missing                                      |
| changed  | rows with another value in a field, or without the field that identifies them               |
| silent   | rows that are missing, or have null, without a report                                       |
| invented | rows that the sound guest does not have                                                     |
`;

/** The Markdown text of docs/damage.md. */
export function formatDamagePage({ guests, runs, random, blanked }: DamageRuns): string {
  const [listings = '', damages = '', fields = '', structs = ''] = formatTallies(random, blanked);
  return [
    INTRODUCTION,
    '## Random damage\n',
    `${runs} runs of each damage to each of ${guests.join(', ')}: ${random.runs} damaged guests. ` +
      `${random.refused} cannot be\nopened, because the damaged memory no longer shows that the profile belongs to it; their rows are not\ncounted ` +
      `below. ${random.read} are read.\n`,
    COLUMNS,
    listings,
    damages,
    'Fields with changed values:\n',
    fields,
    '## Blank structures\n',
    'Only one structure is blank. No value may change, and every missing row must be reported.\n',
    structs,
  ].join('\n');
}

/** The tables: by listing, by damage, by field that changed, and by structure that was blank. */
export function formatTallies(random: DamageTally, blanked: DamageTally): string[] {
  return [
    table(tallyCells('listing', random.listings)),
    table(damageCells('damage', random)),
    formatMarkdownTable(
      ['field', 'changed'],
      [...random.fields].sort().map(([field, count]) => [`\`${field}\``, String(count)]),
    ),
    table(damageCells('structure', blanked)),
  ];
}

function table([head = [], ...rows]: string[][]): string {
  return formatMarkdownTable(head, rows);
}
