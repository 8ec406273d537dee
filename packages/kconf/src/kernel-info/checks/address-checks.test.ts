import { describe, expect, it } from 'vitest';
import { createGroup, type KconfIssue, safeParseKernelInfo } from '../../index';

const X86_64 = 'name = 5.4.0-1|#1 SMP|x86_64';
const I686 = 'name = 5.4.0-1|#1 SMP|i686';

function findings(...lines: string[]): readonly KconfIssue[] {
  const numbered = lines.map((text, index) => ({ line: index + 2, text }));
  const { issues } = safeParseKernelInfo(createGroup('g', 1, numbered));
  return issues.filter(({ severity }) => severity !== 'incomplete');
}

describe('addresses', () => {
  it.each([
    ['of the lower half', X86_64, 'uts.init_addr = 4096', /canonical address of the upper half/],
    ['that is not canonical', X86_64, 'task.init_addr = 0xfe7fffff82613780', /canonical/],
    [
      'of the direct map',
      X86_64,
      'task.init_addr = 0xffff888002613780',
      /kernel's image, 0xffffffff80000000/,
    ],
    ['of 64 bits for 32', I686, 'task.init_addr = 18446744071601993600', /an address of 32 bits/],
    ['of the user half of 32 bits', I686, 'task.init_addr = 138051008', /0x40000000 or above/],
    ['that is 0', I686, 'task.init_addr = 0', /an address of 32 bits/],
    ['off its alignment', X86_64, 'task.init_addr = 0xffffffff82613782', /multiple of 4/],
    ['of the lower half on arm64', 'name = 5.4.0|#1|aarch64', 'task.init_addr = 9437184', /upper half/],
  ])('finds one %s', (_what, name, line, message) => {
    const errors = findings(name, line).filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ line: 3, message: expect.stringMatching(message) }]);
  });

  it('holds the direct map to the levels of paging that the section tells', () => {
    const line = 'kernel.page_offset_addr = 0xff11000000000000';
    expect(findings(X86_64, line, 'kernel.pgtable_levels = 5').filter(isError)).toEqual([]);
    expect(findings(X86_64, line, 'kernel.pgtable_levels = 4').filter(isError)).toMatchObject([{ line: 3 }]);
  });

  it('lets code lie at any byte, and other machines keep their addresses', () => {
    const hook = 'task.switch_task_hook_addr = 18446744071579563823';
    expect(findings(X86_64, hook)).toEqual([]);
    expect(findings('name = 5.4.0|#1|s390x', 'task.init_addr = 9437184')).toEqual([]);
  });
});

const isError = ({ severity }: KconfIssue): boolean => severity === 'error';

describe('known bad profiles', () => {
  const same = ['task.current_task_addr = 3249658496', 'task.init_addr = 3249658496'];

  it('finds the running task at init_task, on x86 alone', () => {
    expect(findings(I686, ...same)).toMatchObject([{ severity: 'error', line: 3 }]);
    expect(findings('name = 5.4.0-1|#1 SMP|mips', ...same)).toEqual([]);
  });

  it('finds that the array of per-CPU offsets is lacking, on SMP kernels alone', () => {
    const zero = 'task.per_cpu_offsets_addr = 0';
    expect(findings(I686, zero)).toMatchObject([{ severity: 'warning', line: 3, message: /memory size/ }]);
    expect(findings('name = 5.4.0-1|#1|i686', zero)).toEqual([]);
    expect(findings('name = 5.4.0-1|#1 SMP|mips', zero)).toEqual([]);
  });

  it.each([
    ['slid', X86_64, '0xffffffff8fc13480', 1],
    ['slid by the least that shows', X86_64, '0xffffffff84000000', 1],
    ['unslid', X86_64, '0xffffffff83fffff0', 0],
    ['slid', I686, '0xcac444c0', 1],
    ['unslid', I686, '0xc1ae9a80', 0],
  ])('finds addresses of one boot: %s, %s', (_what, name, address, count) => {
    const slid = findings(name, `task.init_addr = ${BigInt(address)}`);
    expect(slid).toHaveLength(count);
    if (count > 0) expect(slid).toMatchObject([{ severity: 'warning', line: 3, message: /slid by KASLR/ }]);
  });

  it('takes a slide as it comes where the section leads to the kernel all the same', () => {
    const root = 'kernel.swapper_pg_dir_addr = 18446744071822180352';
    expect(findings(X86_64, 'task.init_addr = 18446744071822223936', root)).toEqual([]);
  });
});

describe('the version', () => {
  it.each([
    ['5.4.0-42-generic', '5', '4', '44', undefined],
    ['4.9.337', '4', '9', '255', undefined],
    ['5.4.0-42-generic', '4', '4', '44', 'version.a'],
    ['5.4.0-42-generic', '5', '10', '44', 'version.b'],
    ['5.10.7', '5', '10', '0', 'version.c'],
  ])('of %s is not %s.%s.%s where it is not', (release, a, b, c, wrong) => {
    const lines = [`name = ${release}|#1|x86_64`, `version.a = ${a}`, `version.b = ${b}`, `version.c = ${c}`];
    expect(findings(...lines).map(({ key }) => key)).toEqual(wrong === undefined ? [] : [wrong]);
  });

  it("is not looked for in PANDA 1's names", () => {
    expect(findings('name = #1 SMP Debian 3.2.51-1 i686', 'version.a = 3', 'version.b = 16')).toEqual([]);
  });
});
