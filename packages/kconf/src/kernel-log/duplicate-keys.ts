import type { IssueLog } from '../issue-log';

/** Notes keys that a block has twice: two modules printed at the same time. */
export class DuplicateKeys {
  private readonly seen = new Map<string, { readonly line: number; readonly value: string }>();
  private readonly issues: IssueLog;

  constructor(issues: IssueLog) {
    this.issues = issues;
  }

  /** Takes the next key of the block. */
  add(key: string, value: string, line: number): void {
    const earlier = this.seen.get(key);
    this.seen.set(key, { line, value });
    if (earlier === undefined) return;
    const place = `line ${earlier.line} already has the key ${key}`;
    if (earlier.value === value) {
      // PANDA's module for Linux 2.4 prints one key twice; nothing is wrong with that.
      this.issues.add({ severity: 'warning', line, key, message: `${place}, with the same value` });
      return;
    }
    const hint = 'two blocks were mixed: run dmesg -C and insmod once, then save the log again';
    this.issues.add({ severity: 'error', line, key, message: `${place}, with another value`, hint });
  }
}
