import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createGroup,
  findKernelInfoBlock,
  parseKernelInfo,
  safeParseKernelInfo,
  safeParseKeyFile,
} from '../index';

const LOGS = new URL('../../../../test-fixtures/logs/', import.meta.url);
const block = (name: string) => findKernelInfoBlock(readFileSync(new URL(name, LOGS), 'utf8'));
const real = block('debian-6.1-amd64.log');
const section = (...lines: string[]) =>
  createGroup(
    'g',
    1,
    lines.map((text, index) => ({ line: index + 2, text })),
  );
const changed = (key: string, line: string | undefined) =>
  section(...real.lines.map(({ text }) => (text.startsWith(`${key} =`) ? (line ?? '# taken away') : text)));
const strict = (group: ReturnType<typeof section>) => safeParseKernelInfo(group, { mode: 'strict' });
const count = (group: ReturnType<typeof section>, severity: string): number =>
  strict(group).issues.filter((issue) => issue.severity === severity).length;

describe('the strict mode', () => {
  it('takes the section of a real guest, by the keys that PANDA reads alone', () => {
    const { info, issues } = strict(section(...real.lines.map(({ text }) => text)));
    expect(issues).toEqual([]);
    expect(info['task.init_addr']).toBe(0xffffffff8f81aa40n);
    expect(info['path.mnt_parent_offset']).toBe(-16);
    expect(Object.keys(info).filter((key) => /^(kernel|uts|cpu|signal)\./.test(key))).toEqual([]);
  });

  it.each([
    ['today', ['version.a = 5'], 54 - 1],
    ['2.4', ['version.a = 2', 'version.b = 4'], 40 - 2],
    ['2.4.254', ['version.a = 2', 'version.b = 4', 'version.c = 254'], 40 - 3],
    ['2.4.255', ['version.a = 2', 'version.b = 4', 'version.c = 255'], 54 - 3],
    ['no version', ['task.size = 1060'], 35 - 1],
  ])('misses what PANDA asks for: %s', (_what, lines, missing) => {
    expect(count(section(...lines), 'incomplete')).toBe(missing);
  });

  it('knows no older names', () => {
    const lines = block('panda1-complete.log').lines.map(({ text }) => text);
    expect(count(section(...lines), 'incomplete')).toBeGreaterThan(15);
    expect(() => parseKernelInfo(section(...lines), { mode: 'strict' })).toThrow(
      /lacks \d+ keys: version\.a/,
    );
    expect(() => parseKernelInfo(section(...lines))).not.toThrow();
  });

  it('misses one key', () => {
    expect(strict(changed('mm.pgd_offset', undefined)).issues).toEqual([
      { severity: 'incomplete', line: 1, column: 1, key: 'mm.pgd_offset', message: expect.any(String) },
    ]);
  });

  it.each([
    ['task.size', '0x2640', 'error'],
    ['task.size', '', 'error'],
    ['task.size', '9792 # bytes', undefined],
    ['task.size', '-1', undefined],
    ['task.init_addr', '18446744071822223936 ', 'error'],
    ['task.init_addr', '0xffffffff8f81aa40', 'error'],
    ['task.init_addr', '-16', undefined],
    ['name', 'a\\q', 'error'],
    ['task.start_time_offset', 'None', 'warning'],
    ['kernel.phys_base', 'None', undefined],
    ['arch', 'x86', undefined],
  ])('reads %s as %j', (key, value, severity) => {
    const { issues } = strict(changed(key, `${key} = ${value}`));
    expect(issues.map((issue) => [issue.key, issue.severity])).toEqual(
      severity === undefined ? [] : [[key, severity]],
    );
  });

  it('gives the numbers as PANDA has them, -1 as well', () => {
    const { info } = strict(section('mm.mmap_offset = -1', 'task.init_addr = 99999999999999999999'));
    expect(info['mm.mmap_offset']).toBe(-1);
    expect(info['task.init_addr']).toBe(0xffffffffffffffffn);
  });

  it('refuses a name that is no UTF-8, which the default mode reads with a warning', () => {
    const bytes = Buffer.concat([Buffer.from('[g]\nname = '), Buffer.from([0xff]), Buffer.from('\n')]);
    const [group] = safeParseKeyFile(bytes).file.groups;
    if (group === undefined) throw new Error('no group');
    expect(strict(group).issues).toContainEqual(expect.objectContaining({ key: 'name', severity: 'error' }));
    const { info, issues } = safeParseKernelInfo(group);
    expect(info['name']).toBe('\uFFFD');
    expect(issues).toContainEqual(expect.objectContaining({ key: 'name', severity: 'warning' }));
  });
});

describe('the default mode', () => {
  it('says of a section that is fine by its own rules that PANDA refuses it', () => {
    const lines = block('panda1-complete.log').lines.map(({ text }) => text);
    const { issues } = safeParseKernelInfo(section(...lines));
    expect(issues).toContainEqual(
      expect.objectContaining({
        severity: 'warning',
        line: 1,
        message: expect.stringMatching(/^PANDA refuses/),
      }),
    );
    const hex = safeParseKernelInfo(changed('task.size', 'task.size = 0x2640')).issues;
    expect(hex.map(({ message }) => message)).toEqual([
      'PANDA refuses [g]: 0 required keys are missing and 1 values are invalid',
      'task.size is hex, which PANDA does not read',
    ]);
  });

  it('reads any values without failing, as the strict one does', () => {
    const value = fc.string({ unit: fc.constantFrom(...'0123456789abcxX+- \t\\#|.') });
    fc.assert(
      fc.property(fc.constantFrom('name', 'task.size', 'task.init_addr', 'version.a'), value, (key, text) => {
        const group = section(`${key} = ${text}`);
        for (const mode of ['default', 'strict'] as const) {
          for (const { line } of safeParseKernelInfo(group, { mode }).issues) expect(line).toBeGreaterThan(0);
        }
      }),
    );
  });
});
