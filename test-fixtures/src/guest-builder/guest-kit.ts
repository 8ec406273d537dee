import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPIO_MODE, type CpioEntry } from './cpio';
import { compileDynamicPrograms } from './dynamic-programs';
import { type KernelImage, type KernelSpec, kernelImage } from './kernel-image';
import { collectModules, findKnownModules, type KernelModuleFile } from './kernel-modules';
import { type BuiltModule, buildModule } from './module-build';
import { runInSuiteRoot } from './packages/suite-root';
import { type Toolchain, toolchain } from './packages/toolchain';

/** The parts that guests of one kernel are made of. */
export interface GuestKit {
  readonly kernel: KernelImage;
  /** The suite's compiler. */
  readonly tools: Toolchain;
  /** Modules of the kernel that every guest loads, in this order. */
  readonly modules: readonly KernelModuleFile[];
  /** The module that prints KERNELINFO. */
  readonly kernelinfo: BuiltModule;
  /** The module that shows what `/proc` does not. */
  readonly taskTruth: BuiltModule;
  /** Everything of the initramfs but `/init` and `/etc/guest.conf`. */
  readonly files: readonly CpioEntry[];
}

/** Sources of the programs that run inside of guests, and their init scripts. */
export const GUEST_SOURCES: string = fileURLToPath(new URL('../../guest/', import.meta.url));
/** Sources of the module that prints KERNELINFO. */
export const KERNELINFO_SOURCES: string = fileURLToPath(
  new URL('../../../kernelinfo-module/', import.meta.url),
);

/** For the disk that takes the truth out of the guest. */
const DISK_MODULES = ['virtio_pci', 'virtio_blk'];
/** For the state of the guest, as far as its kernel has them: file systems, devices, swap, and what they need. */
const STATE_MODULES = [
  ...['overlay', 'fuse', 'configfs', 'loop', 'vfat', 'nls_cp437', 'nls_ascii'],
  ...['dummy', 'bridge', 'lzo', 'lzo-rle', 'zram'],
];

const COMPILER_FLAGS = ['-std=gnu11', '-O2', '-D_FILE_OFFSET_BITS=64', '-Wall', '-Wextra', '-Werror'];
/** The folder of the programs that are not static. */
const DYNAMIC = 'dynamic';

/**
 * Fetches and builds all that is needed to boot guests with this kernel; `more` are modules besides those of every guest.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`, `GUEST_KERNEL_UNKNOWN`, `GUEST_MODULE_UNKNOWN`, `APT_MIRROR_UNKNOWN`.
 */
export async function guestKit(spec: KernelSpec, more: readonly string[] = []): Promise<GuestKit> {
  const kernel = await kernelImage(spec);
  const tools = await toolchain(spec.suite, spec.arch, kernel.release);
  const stateModules = findKnownModules(kernel.modules, STATE_MODULES);
  const modules = await collectModules(kernel.modules, [...DISK_MODULES, ...stateModules, ...more]);
  const kernelinfo = await buildModule(tools, kernel.release, KERNELINFO_SOURCES, 'kernelinfo');
  const taskTruth = await buildModule(tools, kernel.release, join(GUEST_SOURCES, 'task-truth'), 'task_truth');
  const folders = ['bin', 'etc', 'modules'].map((path) => entry(path, CPIO_MODE.folder, new Uint8Array(0)));
  const programs = await compilePrograms(tools);
  const busybox = entry('bin/busybox', CPIO_MODE.program, readFileSync(join(tools.root, 'bin/busybox')));
  const moduleEntries = [...modules, kernelinfo, taskTruth].map(({ name, bytes }) =>
    entry(`modules/${name}.ko`, CPIO_MODE.file, bytes),
  );
  const dynamic = await compileDynamicPrograms(tools, join(GUEST_SOURCES, DYNAMIC), COMPILER_FLAGS);
  const files = [...folders, busybox, ...programs, ...dynamic, ...moduleEntries];
  return { kernel, tools, modules, kernelinfo, taskTruth, files };
}

function entry(path: string, mode: number, bytes: Uint8Array): CpioEntry {
  return { path, mode, bytes };
}

/** Every C file of the guest's sources becomes a static program in /bin, and so does every folder of C files but one. */
async function compilePrograms({ root, gccTarget }: Toolchain): Promise<CpioEntry[]> {
  const programs = programSources();
  const output = mkdtempSync(join(tmpdir(), 'osi-linux-programs-'));
  const binds = { '/build/guest': GUEST_SOURCES, '/build/programs': output };
  try {
    for (const [name, sources] of programs) {
      const files = sources.map((source) => `/build/guest/${source}`);
      const program = `/build/programs/${name}`;
      const command = [
        'gcc',
        ...gccTarget,
        ...COMPILER_FLAGS,
        '-static',
        '-pthread',
        '-o',
        program,
        ...files,
      ];
      await runInSuiteRoot(root, command, { binds });
    }
    return [...programs.keys()].map((name) =>
      entry(`bin/${name}`, CPIO_MODE.program, readFileSync(join(output, name))),
    );
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Program -> its C files. A folder with a Kbuild is a module of the kernel. */
function programSources(): Map<string, string[]> {
  const programs = new Map<string, string[]>();
  for (const item of readdirSync(GUEST_SOURCES, { withFileTypes: true })) {
    const { name } = item;
    if (item.isFile() && name.endsWith('.c')) programs.set(name.slice(0, -2), [name]);
    if (!item.isDirectory() || name === DYNAMIC || existsSync(join(GUEST_SOURCES, name, 'Kbuild'))) continue;
    const sources = readdirSync(join(GUEST_SOURCES, name)).filter((file) => file.endsWith('.c'));
    programs.set(
      name,
      sources.sort().map((file) => `${name}/${file}`),
    );
  }
  return programs;
}
