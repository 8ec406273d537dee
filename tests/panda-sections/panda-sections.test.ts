import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safeParseKernelInfo, safeParseKeyFile } from '@osi-linux/kconf';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { type GuestTruth, isExpected } from '@osi-linux/test-fixtures/truth';
import { afterAll, describe, expect, it } from 'vitest';
import { runListing } from '../command/osi-linux-command';

// Sections with the keys that PANDA reads and no others, as people have them, against the guest's own `/proc`.

const folder = mkdtempSync(join(tmpdir(), 'panda-sections-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The section of a recorded guest, as PANDA loads it; `edit` changes its text. */
function pandaSection(name: string, edit: (text: string) => string = (text) => text): string {
  const [group] = safeParseKeyFile(readFileSync(readRecordedGuest(name).kconfFile)).file.groups;
  const { info } = safeParseKernelInfo(group as never, { mode: 'strict' });
  const lines = Object.entries(info).map(([key, value]) => `${key} = ${value}\n`);
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, edit(`[panda:${name}]\n${lines.join('')}`));
  return file;
}

async function list(command: string, name: string, kconf: string) {
  const { dumpFile } = readRecordedGuest(name);
  const answer = await runListing([command, dumpFile, '--kconf-file', kconf, '--json']);
  return { ...answer, rows: answer.out === '' ? [] : (JSON.parse(answer.out) as Record<string, unknown>[]) };
}

function treeOf({ tree }: GuestTruth) {
  if (tree === undefined) throw new Error('a truth without files');
  return tree;
}

describe.each(['debian-11-amd64', 'debian-11-686', 'debian-12-amd64', 'debian-13-amd64'])('%s', (name) => {
  const truth = readRecordedGuest(name).truth as GuestTruth;

  it('lists every process, and names the one column that PANDA does not fill', async () => {
    const { rows, err, exitCode } = await list('ps', name, pandaSection(name));
    const pids = rows.map(({ pid }) => pid).filter((pid) => pid !== 0);
    expect(pids).toEqual(truth.processes.map(({ pid }) => pid));
    expect(rows.filter(({ asid, cmdline }) => (cmdline === null) !== (asid !== null))).toEqual([]);
    expect([err, exitCode]).toEqual([
      'warning: columns that the profile cannot fill: cmdline (no mm.arg_end_offset)\n',
      0,
    ]);
  });

  it('lists the open files by fdt and fd', async () => {
    const { rows, err } = await list('files', name, pandaSection(name));
    const tree = treeOf(truth);
    const expected = truth.processes.flatMap(({ pid }) =>
      tree
        .names(`/proc/${pid}/fd`)
        .map(Number)
        .sort((one, other) => one - other)
        .map((fd) => ({ pid, fd, link: tree.link(`/proc/${pid}/fd/${fd}`) ?? '' }))
        // The program that asked had the folder open in which it looked.
        .filter(({ pid, fd }) => !tree.error(`/proc/${pid}/fd/${fd}`)?.startsWith('No such file')),
    );
    expect(rows.map(({ pid, fd }) => ({ pid, fd }))).toEqual(expected.map(({ pid, fd }) => ({ pid, fd })));
    const wrong = expected.filter(({ link }, index) => {
      const filename = rows[index]?.['filename'];
      return filename === null ? isPath(link) : link !== '' && !isExpected(link, filename);
    });
    expect(wrong).toEqual([]);
    expect(
      err.match(/^warning: columns that the profile cannot fill: flags \(no fs.f_flags_offset\)/gm),
    ).toHaveLength(1);
  });
});

/** Whether a link is a path, and not a name that the file system makes. */
function isPath(link: string): boolean {
  return link.startsWith('/') && !/^\/(memfd:|dmabuf:|secretmem )/.test(link);
}

describe('a section', () => {
  const guest = 'debian-11-686';

  it('of the gdb extractor is read, by its own names and without the key that contradicts', async () => {
    const kconf = pandaSection(guest, (text) => {
      const [init = ''] = /(?<=^task\.init_addr = ).*$/m.exec(text) ?? [];
      return text
        .replace('fs.f_path_dentry_offset', 'file.f_path_dentry_offset')
        .replace('fs.f_path_mnt_offset', 'fs.f_path.mnt_offset')
        .replace(/^(task\.current_task_addr = ).*$/m, `$1${init}`);
    });
    expect((await list('files', guest, kconf)).rows.length).toBeGreaterThan(1000);
    const current = await list('current', guest, kconf);
    expect([current.rows, current.exitCode]).toEqual([[], 1]);
    expect(current.err).toContain('the profile has no task.current_task_addr');
    const identity = JSON.parse((await list('identify', guest, kconf)).out);
    expect(identity.findings).toContainEqual({
      what: 'key not used',
      value: 'task.current_task_addr',
      evidence: expect.stringContaining('expected the address of a per-CPU variable'),
    });
  });
});
