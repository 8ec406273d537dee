import type { ReadSection } from './read-section';

/** TASK_COMM_LEN is 16 in every kernel so far; anything near it is believed. */
const COMM_SIZE = { min: 8, max: 256 };
/** The kernel's own limit of the third number: LINUX_VERSION_CODE has a byte for it. */
const SUBLEVEL_LIMIT = 255;

/** Looks for a size of names that cannot be, and for a version that is another than the name's. */
export function checkIdentity(section: ReadSection): void {
  checkCommSize(section);
  checkName(section);
  checkVersion(section);
}

/** A name with a part less than today's has lost its end: a line of a log was cut off. */
function checkName({ values, issues }: ReadSection): void {
  const typed = values.get('name');
  if (typed === undefined || String(typed.value).split('|').length !== 2) return;
  const message = `name is "${String(typed.value)}", expected RELEASE|VERSION|MACHINE`;
  const hint = 'the line was cut off or wrapped: save the log with dmesg > log';
  issues.add({ severity: 'error', line: typed.entry.line, key: typed.entry.key, message, hint });
}

function checkCommSize({ values, issues }: ReadSection): void {
  const typed = values.get('task.comm_size');
  if (typed === undefined || typeof typed.value !== 'number') return;
  const { min, max } = COMM_SIZE;
  if (typed.value >= min && typed.value <= max) return;
  const message = `task.comm_size is ${typed.value}, expected ${min} to ${max}`;
  issues.add({ severity: 'error', line: typed.entry.line, key: typed.entry.key, message });
}

/**
 * The release that `name` begins with has the first two numbers of `version.*`. The third may be higher in
 * `version.c`: distributions raise it and keep the release, `4.15.0-72-generic` is 4.15.18.
 */
function checkVersion({ values, issues }: ReadSection): void {
  const name = values.get('name');
  const release =
    typeof name?.value === 'string' ? /^(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?/.exec(name.value) : null;
  if (name === undefined || release === null || !String(name.value).includes('|')) return;
  const told = release[0];
  for (const [index, key] of ['version.a', 'version.b', 'version.c'].entries()) {
    const typed = values.get(key);
    const number = release[index + 1];
    if (typed === undefined || number === undefined) continue;
    const limit = Math.min(Number(number), SUBLEVEL_LIMIT);
    const fits = index < 2 ? typed.value === Number(number) : Number(typed.value) >= limit;
    if (fits) continue;
    const expected = index < 2 ? number : `${limit} or more`;
    const message = `${key} is ${typed.value}, expected ${expected}: the release in line ${name.entry.line} is ${told}`;
    const hint = 'the section mixes two kernels, or a line was edited';
    issues.add({ severity: 'error', line: typed.entry.line, key: typed.entry.key, message, hint });
  }
}
