import type { IssueSeverity, KconfIssue } from './issue';

const ISSUE_LIMIT = 1000;
const RANK: readonly IssueSeverity[] = ['warning', 'incomplete', 'error'];

/** Gathers findings; past the limit they are only counted, so that a hostile text cannot fill memory. */
export class IssueLog {
  private readonly issues: KconfIssue[] = [];
  private dropped = 0;
  private lastLine = 1;
  private worst = 0;

  /** Notes one finding. */
  add(issue: Omit<KconfIssue, 'column'> & { readonly column?: number }): void {
    if (this.issues.length < ISSUE_LIMIT) {
      this.issues.push({ column: 1, ...issue });
      return;
    }
    this.dropped += 1;
    this.lastLine = issue.line;
    this.worst = Math.max(this.worst, RANK.indexOf(issue.severity));
  }

  /** The findings so far, with a closing one that counts those past the limit and is as bad as the worst of them. */
  list(): KconfIssue[] {
    if (this.dropped === 0) return this.issues.slice();
    const message = `${this.dropped} more findings, up to line ${this.lastLine}, are not listed`;
    const severity = RANK[this.worst] ?? 'error';
    return [...this.issues, { severity, line: this.lastLine, column: 1, message }];
  }
}
