import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OsiError } from '@osi-linux/core';
import { CPIO_MODE, type CpioEntry, writeCpio } from '../guest-builder/cpio';
import type { GuestKit } from '../guest-builder/guest-kit';
import { type KernelSpec, kernelImage } from '../guest-builder/kernel-image';
import { Machine } from '../guest-builder/machine/machine';
import { dumpMemory, QEMU_DUMP_FILES } from '../guest-builder/machine/memory-dumps';
import { cacheFolder, publishFolder } from '../guest-builder/packages/cache-folder';
import { runInSuiteRoot } from '../guest-builder/packages/suite-root';
import { toolchain } from '../guest-builder/packages/toolchain';

/** A guest whose kernel has crashed, and its output before and after. */
export interface CrashGuest {
  /** Its memory with the crash kernel loaded and not started: the path of an ELF core. */
  readonly loaded: string;
  /** The same once that one runs. */
  readonly crashed: string;
  /** `_text` of the kernel that crashed, by its own `/proc/kallsyms`. */
  readonly firstText: bigint;
  /** `_text` of the kernel that was started then, by its own. */
  readonly secondText: bigint;
  /** The command line of that one. */
  readonly secondCommandLine: string;
}

const SPEC: KernelSpec = { suite: 'bookworm', arch: 'amd64', kernelPackage: 'linux-image-amd64' };
const MACHINE = { cpus: 2, memoryMiB: 512, kaslr: true, appendCommandLine: 'crashkernel=160M' } as const;
const SOURCES = fileURLToPath(new URL('../../crash-guest/', import.meta.url));
const LOADER = 'load-crash-kernel';
const ATTEMPTS = 3;
const TIMEOUT_MS = 90_000;

/**
 * Boots a kernel, has it load a second one, dumps the memory, crashes it, and dumps the memory again once the second one
 * runs. Kept in the cache, as guests are.
 *
 * @throws OsiError `GUEST_BOOT_FAILED`, `GUEST_COMMAND_FAILED`, `GUEST_QMP_FAILED`.
 */
export async function buildCrashGuest(): Promise<CrashGuest> {
  const { release } = await kernelImage(SPEC);
  const folder = join(cacheFolder(), 'guests', `crash-${SPEC.suite}-${SPEC.arch}-${keyOf(release)}`);
  await publishFolder(folder, async (temporary) => {
    const kit = await crashKit();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await crash(kit, temporary);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || !OsiError.is(error) || error.code !== 'GUEST_BOOT_FAILED') throw error;
      }
    }
  });
  return described(folder);
}

function described(folder: string): CrashGuest {
  const console = readFileSync(join(folder, 'console.log'), 'latin1');
  const text = (line: string) => BigInt(`0x${new RegExp(`${line} ([0-9a-f]+)`).exec(console)?.[1] ?? 0}`);
  return {
    loaded: join(folder, 'loaded', QEMU_DUMP_FILES.elf),
    crashed: join(folder, 'crashed', QEMU_DUMP_FILES.elf),
    firstText: text('OSI-FIRST'),
    secondText: text('OSI-SECOND'),
    secondCommandLine: /OSI-COMMAND-LINE ([^\r\n]*)/.exec(console)?.[1] ?? '',
  };
}

function keyOf(release: string): string {
  const hash = createHash('sha256').update(release).update(JSON.stringify(MACHINE));
  for (const file of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, file)));
  return hash
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest('hex')
    .slice(0, 12);
}

/** No module is built for it, and none is loaded. */
async function crashKit(): Promise<GuestKit> {
  const kernel = await kernelImage(SPEC);
  const tools = await toolchain(SPEC.suite, SPEC.arch, kernel.release);
  const folders = ['bin', 'etc', 'boot'].map((path) => entry(path, CPIO_MODE.folder, new Uint8Array(0)));
  const busybox = entry('bin/busybox', CPIO_MODE.program, readFileSync(join(tools.root, 'bin/busybox')));
  const second = [...folders, busybox, entry('init', CPIO_MODE.program, source('init-second.sh'))];
  const none = { name: '', bytes: new Uint8Array(0), output: '' };
  return {
    ...{ kernel, tools, modules: [], kernelinfo: none, taskTruth: none },
    files: [
      ...folders,
      busybox,
      entry(`bin/${LOADER}`, CPIO_MODE.program, await compileLoader(tools.root)),
      entry('boot/vmlinuz', CPIO_MODE.file, readFileSync(kernel.vmlinuz)),
      entry('boot/initramfs', CPIO_MODE.file, writeCpio(second)),
    ],
  };
}

function source(name: string): Uint8Array {
  return readFileSync(join(SOURCES, name));
}

function entry(path: string, mode: number, bytes: Uint8Array): CpioEntry {
  return { path, mode, bytes };
}

async function compileLoader(root: string): Promise<Uint8Array> {
  const output = mkdtempSync(join(tmpdir(), 'osi-linux-crash-'));
  const binds = { '/build/crash': SOURCES, '/build/output': output };
  try {
    const files = ['-o', `/build/output/${LOADER}`, `/build/crash/${LOADER}.c`];
    await runInSuiteRoot(root, ['gcc', '-O2', '-Wall', '-Werror', '-static', ...files], { binds });
    return readFileSync(join(output, LOADER));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

async function crash(kit: GuestKit, folder: string): Promise<void> {
  const script = source('init-first.sh').toString();
  const machine = await Machine.start(kit, MACHINE, { script, configuration: {} }, folder);
  try {
    for (const [line, name] of [
      ['OSI-FIRST', 'loaded'],
      ['OSI-SECOND', 'crashed'],
    ] as const) {
      await waitFor(machine, line);
      await machine.qmp.execute('stop');
      mkdirSync(join(folder, name), { recursive: true });
      await dumpMemory(machine.qmp, join(folder, name), MACHINE.memoryMiB);
      rmSync(join(folder, name, QEMU_DUMP_FILES.raw));
      await machine.qmp.execute('cont');
    }
  } finally {
    await machine.close();
  }
}

async function waitFor(machine: Machine, line: string): Promise<void> {
  for (let waited = 0; waited < TIMEOUT_MS; waited += 50) {
    const console = machine.console();
    if (new RegExp(`${line} [0-9a-f]+ T _text`).test(console)) return;
    if (console.includes('OSI-FAILED')) break;
    await sleep(50);
  }
  throw new OsiError('GUEST_BOOT_FAILED', `no ${line} on its console\n${machine.console().slice(-2000)}`, {
    hint: 'the crash kernel may need more memory: crashkernel=',
  });
}
