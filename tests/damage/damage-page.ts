import { type DamageTally, damageCells, tallyCells } from '@osi-linux/test-fixtures/damage';
import { formatMarkdownTable } from '@osi-linux/test-fixtures/markdown';

/** What was done, and what came of it. */
export interface DamageRuns {
  readonly guests: readonly string[];
  /** How often each damage was done to each guest. */
  readonly runs: number;
  readonly random: DamageTally;
  readonly blanked: DamageTally;
}

const INTRODUCTION = `# Damaged dumps

Dumps come damaged: pages missing, bytes wrong, files cut short. \`npm test\` takes recorded guests, damages the pages that
the listings touch, and compares every listing with that of the sound guest. It fails

- on any error but an \`OsiError\` of opening the guest,
- on a walk that asks for more than twenty times the pages that the sound guest needs, and 50,000 more,
- on a row that the sound guest does not have, be it a process, a mapping, a descriptor, a mount or a module. The only
  rows that may be new lack a field and are named as incomplete, or are of \`hidden\`, which tells what one record of the
  kernel has and another has not, where a listing says that it is incomplete.

What it cannot ask for is that no value changes: a flipped bit of a user id is a user id. These are counted.

This page is generated; \`pnpm exec vitest run tests/damage -u\` writes it anew, with the same damages
each time. \`OSI_LINUX_DAMAGE_RUNS=200\` does more of them, \`OSI_LINUX_DAMAGE_SEED=2\` others,
\`OSI_LINUX_DAMAGE_GUEST=FOLDER\` takes a guest of the builder.
`;

const COLUMNS = `| column   | number of                                                                               |
| -------- | --------------------------------------------------------------------------------------- |
| refused  | damaged guests that are not opened                                                      |
| read     | damaged guests that are opened, and asked for every listing; all that follow are rows   |
| rows     | that the sound guests have, once a guest that is read                                   |
| same     | that were read as in the sound guest                                                    |
| nulled   | of which a field is null, with the reason                                               |
| lost     | that are not there, of a listing that says what is missing                              |
| changed  | of which a field has another value, or that lack the field by which they would be known |
| silent   | that are not there, or have null, and nothing says so                                   |
| invented | that the sound guest does not have                                                      |
`;

/** The Markdown text of docs/damage.md. */
export function formatDamagePage({ guests, runs, random, blanked }: DamageRuns): string {
  const [listings = '', damages = '', fields = '', structs = ''] = formatTallies(random, blanked);
  return [
    INTRODUCTION,
    '## Random damage\n',
    `${runs} runs of each damage to each of ${guests.join(', ')}: ${random.runs} damaged guests. ` +
      `${random.refused} are refused\nwhen they are opened, as nothing shows any more that the profile is theirs: ` +
      `no row of theirs is counted below. ${random.read} are read.\n`,
    COLUMNS,
    listings,
    damages,
    'Where values have changed:\n',
    fields,
    '## Blank structures\n',
    'One structure alone is blank. Nothing may change, and nothing may be missing without a word.\n',
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
