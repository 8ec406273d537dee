import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KERNELINFO_SOURCES } from './guest-kit';

/** The contents of all headers of the kernels here; the parts that they lack are written at the top. */
const KERNEL_HEADER = fileURLToPath(new URL('../../old-kernel/old-kernel.h', import.meta.url));

/** The headers of 2.6.32 that the module may ask for without looking whether they are there. */
const HEADERS = words(`
  cpumask cred dcache elf err fdtable file fs fs_struct idr init io ipv6 kallsyms kernel kexec kobject
  limits list mm mm_inline mm_types module mount namei net path percpu pid pid_namespace radix-tree
  rcupdate sched seq_file slab string swap types uaccess utsname version
`).map((name) => `linux/${name}.h`);
const OTHER_HEADERS = words(
  'net/af_unix.h net/inet_sock.h net/sock.h asm/current.h asm/page.h asm/pgtable.h',
);

/** The kernels: 2.6.32 with the members in struct vfsmount, and the next one with those beside it. */
const KERNELS = {
  '2.6.32': { flags: ['-DOLDEST'], headers: [] as string[], probes: false },
  '3.10': { flags: [] as string[], headers: ['linux/dma-buf.h', 'linux/proc_ns.h'], probes: true },
};

/** The mistakes that must not get into the sources, and the compiler's message for each. */
const FAULTS = [
  {
    name: 'a header that is not looked for',
    ...{ file: 'kernelinfo-headers.h', before: /^/, after: '#include <linux/sched/signal.h>\n' },
    error: /linux\/sched\/signal\.h: No such file/,
  },
  {
    name: 'a lost guard',
    ...{ file: 'compat.h', before: /#ifdef HAVE_SCHED_TASK_H\n(.*\n)#endif/, after: '$1' },
    error: /linux\/sched\/task\.h: No such file/,
  },
  {
    name: 'a function that came later',
    ...{ file: 'vmcoreinfo.c', before: /line \+ strcspn\(line, "\\n"\)/, after: "strchrnul(line, '\\n')" },
    error: /implicit declaration of function .strchrnul/,
  },
  {
    name: 'a structure that came later',
    ...{ file: 'special-mapping-probe.c', before: / && defined\(HAVE_VM_SPECIAL_MAPPING\)/, after: '' },
    error: /storage size of .mapping. isn.t known/,
  },
  {
    name: 'a constant that came later',
    ...{ file: 'main.c', before: /#elif defined\(CONFIG_PGTABLE_LEVELS\)/, after: '#elif 1' },
    error: /.CONFIG_PGTABLE_LEVELS. undeclared/,
  },
  {
    name: 'a test for an option of the kernel',
    ...{
      file: 'vmcoreinfo.c',
      before: /#ifdef CAN_FIND_NOTE/,
      after: '#if IS_ENABLED(CONFIG_VMCORE_INFO)',
    },
    error: /vmcoreinfo\.c:\d+:\d+: error: missing binary operator/,
  },
  {
    name: 'a function by its later name',
    ...{ file: 'compat.h', before: /#define copy_from_kernel_nofault.*/, after: '' },
    error: /implicit declaration of function .copy_from_kernel_nofault/,
  },
  {
    name: 'a declaration behind a statement',
    ...{ file: 'made-up.c', before: /\treturn 0;/, after: '\tint late = 0;\n\treturn late;' },
    error: /ISO C90 forbids mixed declarations and code/,
  },
];

const COMPILER = [
  ...['gcc', '-std=gnu89', '-Wall', '-Wdeclaration-after-statement', '-Werror', '-Wno-unused-function'],
  ...['-O2', '-nostdinc', '-ffreestanding', '-fno-pie', '-D__KERNEL__', '-DMODULE'],
];

describe.each(Object.entries(KERNELS))(
  'kernelinfo-module with headers as poor as those of %s',
  (name, kernel) => {
    let folder: string;
    let module: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'osi-linux-old-headers-'));
      module = join(folder, 'module');
      cpSync(KERNELINFO_SOURCES, module, { recursive: true });
      for (const header of [...HEADERS, ...OTHER_HEADERS, ...kernel.headers]) {
        const file = join(folder, 'include', header);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, '#include <old-kernel.h>\n');
      }
      const exports = '0x00000000\tkallsyms_on_each_symbol\tvmlinux\tEXPORT_SYMBOL_GPL\n';
      writeFileSync(join(folder, 'Module.symvers'), exports);
      cpSync(KERNEL_HEADER, join(folder, 'include/old-kernel.h'));
      const mount = kernel.probes ? '' : '/* struct vfsmount *mnt_parent; */\n';
      writeFileSync(join(folder, 'include/linux/mount.h'), `#include <old-kernel.h>\n${mount}`);
      const stacks = kernel.probes ? '/* vma_is_stack_for_task() */\n' : '';
      writeFileSync(join(folder, 'include/linux/mm.h'), `#include <old-kernel.h>\n${stacks}`);
    });

    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('is compiled', () => {
      expect(compile()).toBe('');
      expect(objects().includes('mount-probe.o')).toBe(kernel.probes);
    });

    it('has the rows of what such a kernel has', () => {
      expect(compile()).toBe('');
      expect(presentMacros('path.mnt_parent_offset')).toEqual([kernel.probes ? 'PROBED' : 'OFFSET']);
      expect(presentMacros('mount.mnt_offset')).toEqual([kernel.probes ? 'PROBED' : 'COMPUTED_OFFSET']);
      expect(presentMacros('vma.stack_guard_page_flag')).toEqual(['CONSTANT']);
      expect(presentMacros('vma.thread_stacks_in_thread')).toEqual(kernel.probes ? ['FOUND_CONSTANT'] : []);
      expect(presentMacros('vma.thread_stacks_in_process')).toEqual([]);
      expect(presentMacros('sock.sk_protocol_offset')).toEqual(['COMPUTED_OFFSET']);
      expect(presentMacros('mm.mm_mt_offset')).toEqual([]);
    });

    it.each(FAULTS)('would not be compiled with $name', ({ file, before, after, error }) => {
      const text = readFileSync(join(module, file), 'utf8');
      expect(text).toMatch(before);
      writeFileSync(join(module, file), text.replace(before, after));
      expect(compile()).toMatch(error);
    });

    /** The compiler's output for all sources, with the flags that Kbuild finds. */
    function compile(): string {
      const flags = [...kernel.flags, `-I${join(folder, 'include')}`, ...variable('ccflags-y')];
      const command = [...COMPILER, ...flags];
      const trial = ['-E', '-o', 'row-trial.i', 'row-trial.c'];
      const rows = ['present-rows.sh', 'row-trial.i', 'kernelinfo-present.h', '', 'objdump', ...command];
      return [
        run([...command, ...trial]),
        run(['sh', ...rows]),
        ...objects().map((object) => run([...command, '-fsyntax-only', object.replace(/o$/, 'c')])),
      ].join('');
    }

    function objects(): string[] {
      return variable('kernelinfo-y');
    }

    /** A variable of the module's Kbuild, as make of this kernel sees it. */
    function variable(of: string): string[] {
      const makefile = `srctree := ${folder}\nobjtree := ${folder}\nsrc := .\nobj := .\ninclude Kbuild\n_show:\n\t@echo '$(${of})'\n`;
      writeFileSync(join(module, 'show.mk'), makefile);
      const { stdout } = spawnSync('make', ['-s', '-f', 'show.mk', '_show'], {
        cwd: module,
        encoding: 'utf8',
      });
      return words(stdout);
    }

    function run([program = '', ...args]: readonly string[]): string {
      const { stderr, status } = spawnSync(program, args, { cwd: module, encoding: 'utf8' });
      return status === 0 ? stderr : `${name}: ${program} ended with ${status}\n${stderr}`;
    }

    /** The macros of the rows of a key that are present. */
    function presentMacros(key: string): string[] {
      const rows = readFileSync(join(module, 'kernelinfo-rows.h'), 'utf8').split('\n');
      const present = readFileSync(join(module, 'kernelinfo-present.h'), 'utf8');
      return rows.flatMap((row, at) => {
        const [, macro = '', of] = /^([A-Z_]+)\("([^"]+)"/.exec(row) ?? [];
        return of === key && present.includes(`ROW_PRESENT_${at + 1} 1\n`) ? [macro] : [];
      });
    }
  },
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
