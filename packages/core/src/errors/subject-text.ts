import { formatAddress } from '../address/address';
import { EVERY_FIELD, type Subject, type SubjectKind } from './subject';

/**
 * Prints the thing that a walk left out, for people. Programs read the {@link Subject} instead of this text.
 *
 * @example
 * ```ts
 * formatSubject({ kind: 'process', pid: 812, field: 'cmdline' }) // => 'pid 812: cmdline'
 * formatSubject({ kind: 'process', address: 0xffff888003a2c000n }) // => 'task 0xffff888003a2c000'
 * formatSubject({ kind: 'file-descriptor', pid: 812, first: 0, last: 511 }) // => 'pid 812: fds 0 to 511'
 * formatSubject({ kind: 'list', name: 'task_struct.tasks', when: 'before' }) // => 'before: task_struct.tasks'
 * ```
 */
export function formatSubject(subject: Subject): string {
  const { when } = subject;
  const text = TEXTS[subject.kind](subject);
  return when === undefined ? text : `${when}: ${text}`;
}

const TEXTS: { readonly [Kind in SubjectKind]: (subject: Subject) => string } = {
  process: (subject) => {
    const { pid } = subject;
    return withField(pid === undefined ? structText('task', subject) : `pid ${pid}`, subject);
  },
  thread: (subject) => {
    const { tid } = subject;
    const thread = tid === undefined ? owned(structText('task', subject), subject) : `pid ${tid}`;
    return withField(thread, subject);
  },
  mapping: (subject) => {
    const { base } = subject;
    const mapping = base === undefined ? structText('mapping', subject) : `mapping ${formatAddress(base)}`;
    return withField(owned(mapping, subject), subject);
  },
  'file-descriptor': (subject) => withField(owned(descriptorText(subject), subject), subject),
  socket: (subject) => {
    const { field } = subject;
    const descriptor = owned(descriptorText(subject), subject);
    return field === undefined ? descriptor : `${descriptor} ${field}`;
  },
  module: (subject) => {
    const { name } = subject;
    return withField(structText(name === undefined ? 'module' : `module ${name}`, subject), subject);
  },
  mount: (subject) => {
    const { id } = subject;
    return withField(id === undefined ? structText('mount', subject) : `mount ${id}`, subject);
  },
  'log-record': logRecordText,
  cpu: (subject) => withField(`cpu ${subject.cpu}`, subject),
  pid: (subject) => owned(structText('struct pid', subject), subject),
  list: (subject) => owned(listText(subject), subject),
  'tree-node': (subject) => owned(nodeText(subject), subject),
  symbols: symbolsText,
  'module-symbols': ({ name, first, address }) =>
    address === undefined
      ? `module ${name}: symbol ${first}`
      : `module at ${formatAddress(address)}: its symbols`,
  'reader-root': () => 'root directory of the reader',
  'init-root': () => 'root of pid 1',
  'task-root': (subject) => owned('root directory of the task', subject),
  comparison: ({ name }) =>
    `comparison of ${name === 'threads' ? 'the task list with the pid table' : 'the module list with /sys/module'}`,
  'page-tables': ({ address = 0n }) => `page tables at physical ${formatAddress(address)}`,
  memory: ({ bytes, address = 0n }) => `${bytes} bytes at ${formatAddress(address)}`,
};

/** The thing behind the process or processor that it belongs to. */
function owned(text: string, { pid, cpu }: Subject): string {
  if (pid !== undefined) return `pid ${pid}: ${text}`;
  return cpu === undefined ? text : `cpu ${cpu}: ${text}`;
}

function withField(text: string, { field }: Subject): string {
  return field === undefined || field === EVERY_FIELD ? text : `${text}: ${field}`;
}

function structText(noun: string, { struct = noun, address }: Subject): string {
  return address === undefined ? struct : `${struct} ${formatAddress(address)}`;
}

function descriptorText({ fd, first, last }: Subject): string {
  return fd === undefined ? `fds ${first} to ${last}` : `fd ${fd}`;
}

function logRecordText({ field, byte, bytes, first, last }: Subject): string {
  if (bytes !== undefined) return `log records in ${bytes} bytes from byte ${byte} on`;
  if (byte !== undefined)
    return field === undefined
      ? `log records from byte ${byte} on`
      : `${field} of the log record at byte ${byte}`;
  const records = first === last ? `log record ${first}` : `log records ${first} to ${last}`;
  return field === undefined ? records : `${field} of ${records}`;
}

/** A list of a structure is named after it; one without is named alone, or by the address of its first entry. */
function listText({ name, struct, address }: Subject): string {
  if (address === undefined) return `${name}`;
  const place = formatAddress(address);
  return struct === undefined ? `${name} ${place}` : `${name} of ${struct} ${place}`;
}

function nodeText({ name, struct = 'node', address = 0n, first }: Subject): string {
  const node = `${struct} ${formatAddress(address)}`;
  const tree = name === undefined ? node : `${name}: ${node}`;
  return first === undefined ? tree : `${tree} for ${first} and above`;
}

function symbolsText({ name, field, first, last, address, bytes }: Subject): string {
  if (address !== undefined) return `${name}: the list at ${formatAddress(address)}`;
  if (field !== undefined) return `${name}: ${bytes} bytes of ${field}`;
  return `${name}: the names of symbols ${first} to ${last}`;
}
