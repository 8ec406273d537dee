import { readFileSync } from 'node:fs';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, openDump } from '@osi-linux/memory';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { type Guest, openGuest } from '../guest';
import { diffGuests } from './diff-guests';

const recorded = readRecordedGuest('debian-12-amd64');
const { file: keyFile } = safeParseKeyFile(readFileSync(recorded.kconfFile));

function openCopy(): { guest: Guest; write: (address: bigint, bytes: Uint8Array) => void } {
  const bytes = new Uint8Array(readFileSync(recorded.dumpFile));
  const dump = openDump(new BytesSource(bytes));
  const guest = openGuest(dump, { keyFile });
  const write = (address: bigint, content: Uint8Array) => {
    const page = guest.memory.page(address);
    if (page === undefined) throw new Error('not mapped');
    // Pages of bytes in memory are views of these bytes, or of a copy that the next opening does not have.
    page.bytes.set(content, Number(address & 0xfffn));
    guest.memory.flush();
    guest.osi.refresh();
  };
  return { guest, write };
}

describe('two dumps of a guest', () => {
  it('are equal where nothing happened in between', () => {
    const { changes, sameBoot } = diffGuests(openCopy().guest, openCopy().guest);
    expect({ changes, sameBoot }).toEqual({ changes: [], sameBoot: true });
  });

  it('differ in what was written in between', () => {
    const [{ guest: before }, { guest: after, write }] = [openCopy(), openCopy()];
    const { info } = after.profile.kernel;
    const kthreadd = after.linux.getProcesses().find(({ pid }) => pid === 2);
    const at = (kthreadd?.taskd ?? 0n) + BigInt(info['task.comm_offset'] ?? 0);
    write(at, new TextEncoder().encode('renamed\0'));
    expect(diffGuests(before, after).changes).toMatchObject([
      { change: 'changed', kind: 'process', row: { pid: 2, name: 'renamed' }, before: { name: 'kthreadd' } },
      { change: 'changed', kind: 'thread', row: { tid: 2 }, before: { name: 'kthreadd' } },
    ]);
    expect(diffGuests(before, after, { kinds: ['file', 'module'] }).changes).toEqual([]);
    expect(diffGuests(before, after, { pids: [1] }).changes).toEqual([]);
  });

  it('of two boots say so', () => {
    const other = readRecordedGuest('debian-13-amd64');
    const dump = openDump(new BytesSource(new Uint8Array(readFileSync(other.dumpFile))));
    const guest = openGuest(dump, { keyFile: safeParseKeyFile(readFileSync(other.kconfFile)).file });
    const { sameBoot, changes } = diffGuests(openCopy().guest, guest, { kinds: ['module'] });
    expect(sameBoot).toBe(false);
    expect(changes.length).toBeGreaterThan(1);
  });
});
