import { EVERY, type SchemaRow, VERSIONED } from './schema-row';

/** Which kernel a section is of. */
export const IDENTITY_ROWS = [
  {
    key: 'name',
    kind: 'text',
    requiredIn: EVERY,
    expression: 'init_uts_ns.name',
    doc: 'Release, version and machine of the kernel as `uname` prints them, joined by `|`; PANDA 1 has version and machine only, joined by a blank.',
  },
  {
    key: 'version.a',
    kind: 'constant',
    requiredIn: VERSIONED,
    expression: 'LINUX_VERSION_CODE >> 16',
    doc: "First number of the kernel's version.",
  },
  {
    key: 'version.b',
    kind: 'constant',
    requiredIn: VERSIONED,
    expression: '(LINUX_VERSION_CODE >> 8) & 0xff',
    doc: "Second number of the kernel's version.",
  },
  {
    key: 'version.c',
    kind: 'constant',
    requiredIn: VERSIONED,
    expression: 'LINUX_VERSION_CODE & 0xff',
    doc: "Third number of the kernel's version; distributions raise it without a change to the release in `name`.",
  },
  {
    key: 'arch',
    kind: 'text',
    doc: 'Processor architecture, in some hand-made sections; nothing reads it.',
  },
] as const satisfies readonly SchemaRow[];
