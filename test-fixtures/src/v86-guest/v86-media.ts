import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OsiError } from '@osi-linux/core';
import { CPIO_MODE, type CpioEntry, writeCpio } from '../guest-builder/cpio';
import { GUEST_SOURCES, guestKit, KERNELINFO_SOURCES } from '../guest-builder/guest-kit';
import { type KernelSpec, kernelImage } from '../guest-builder/kernel-image';
import { cacheFolder, publishFolder } from '../guest-builder/packages/cache-folder';

/** The media that the v86 emulator boots a guest from, as paths of files. */
export interface V86Media {
  /** The kernel: `vmlinuz`. */
  readonly kernel: string;
  readonly initramfs: string;
  /** SeaBIOS, and its BIOS for the graphics card. */
  readonly bios: string;
  readonly vgaBios: string;
}

/** The script of the guest's pid 1. */
const INIT = fileURLToPath(new URL('../../v86-guest/init.sh', import.meta.url));
/** Debian's last kernel for processors without PAE that v86 boots. */
const KERNEL: KernelSpec = { suite: 'bullseye', arch: 'i386', kernelPackage: 'linux-image-686' };
/** The parts of the kit that the guest has besides the folders. */
const FILES = /^(bin\/(busybox|collector|load-module)|modules\/(kernelinfo|task_truth)\.ko)$/;
/** Where Debian's package `seabios` is, which comes with QEMU. */
const SEABIOS = '/usr/share/seabios';
/** A shell on the second serial port: each line is a command. */
const COMMANDS = 'while read -r line; do eval "$line"; done\n';

/**
 * Makes what v86 boots a guest from; once, then the same is reused.
 *
 * @throws OsiError `V86_BIOS_MISSING`, and those of {@link guestKit}.
 */
export async function buildV86Media(): Promise<V86Media> {
  const { release, vmlinuz } = await kernelImage(KERNEL);
  const folder = await publishFolder(mediaFolder(release), async (temporary) => {
    const kit = await guestKit(KERNEL);
    const kept = kit.files.filter(({ path, mode }) => mode === CPIO_MODE.folder || FILES.test(path));
    writeFileSync(join(temporary, 'initramfs'), writeCpio([...kept, ...ownFiles()]));
    copyFileSync(vmlinuz, join(temporary, 'vmlinuz'));
  });
  const media = mediaOf(folder);
  if (!existsSync(media.bios) || !existsSync(media.vgaBios))
    throw new OsiError('V86_BIOS_MISSING', `no BIOS in ${SEABIOS}`, {
      hint: 'install the Debian package seabios',
      fields: { folder: SEABIOS },
    });
  return media;
}

/** The same if it was made before; else a sentence why it is not there. Fetches and builds nothing. */
export function findV86Media(): V86Media | string {
  const { suite, arch, kernelPackage } = KERNEL;
  const told = join(cacheFolder(), 'kernels', `${suite}-${arch}-${kernelPackage}`, 'release');
  if (!existsSync(told))
    return `no kernel ${kernelPackage} of ${suite} in the cache: run npm run test:guests`;
  const media = mediaOf(mediaFolder(readFileSync(told, 'utf8')));
  const missing = Object.values(media).find((path) => !existsSync(path));
  return missing === undefined ? media : `there is no ${missing}: run npm run test:guests`;
}

function mediaOf(folder: string): V86Media {
  return {
    kernel: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initramfs'),
    bios: join(SEABIOS, 'bios.bin'),
    vgaBios: join(SEABIOS, 'vgabios-stdvga.bin'),
  };
}

/** Another one whenever the guest would come out differently. */
function mediaFolder(release: string): string {
  const hash = createHash('sha256').update(release).update(COMMANDS).update(String(FILES));
  const parts = ['collector', 'task-truth', 'load-module.c'].map((name) => join(GUEST_SOURCES, name));
  for (const path of [INIT, ...parts, KERNELINFO_SOURCES]) hashFiles(hash, path);
  return join(cacheFolder(), 'v86', hash.digest('hex').slice(0, 12));
}

function hashFiles(hash: ReturnType<typeof createHash>, path: string): void {
  const isFile = /\.(c|sh)$/.test(path);
  const files = isFile ? [path] : readdirSync(path).map((name) => join(path, name));
  for (const file of files.sort()) {
    if (/(\.(c|h|sh)|Kbuild)$/.test(file)) hash.update(readFileSync(file));
  }
}

function ownFiles(): CpioEntry[] {
  return [
    { path: 'etc/commands.sh', mode: CPIO_MODE.file, bytes: Buffer.from(COMMANDS) },
    { path: 'init', mode: CPIO_MODE.program, bytes: readFileSync(INIT) },
  ];
}
