import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { cacheFolder, publishFolder } from './packages/cache-folder';
import { unpackPackages } from './packages/package-unpacking';
import { PrivateApt, type Suite } from './packages/private-apt';

/** Which kernel is wanted. */
export interface KernelSpec extends Suite {
  /** A metapackage (`linux-image-amd64`), whose kernel of today is kept from then on, or one kernel's package. */
  readonly kernelPackage: string;
}

/** A kernel that was fetched. */
export interface KernelImage {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Path of the bootable image. */
  readonly vmlinuz: string;
  /** The folder `lib/modules/RELEASE`. */
  readonly modules: string;
}

const RELEASE_FILE = 'release';
const MODULES = 'usr/lib/modules';

/**
 * Fetches and unpacks a kernel image; once, then the same one is reused.
 *
 * @throws OsiError `GUEST_KERNEL_UNKNOWN` when the package leads to no kernel.
 */
export async function kernelImage(spec: KernelSpec): Promise<KernelImage> {
  const folder = join(cacheFolder(), 'kernels', `${spec.suite}-${spec.arch}-${spec.kernelPackage}`);
  await publishFolder(folder, async (temporary) => {
    const apt = await PrivateApt.open(spec);
    const names = (await apt.closure([spec.kernelPackage])).map(({ name }) => name);
    // Newer suites split linux-image-RELEASE into linux-binary-, linux-modules- and linux-base-RELEASE.
    const parts = names.filter((name) => /^linux-(image|binary|modules|base)-[0-9]/.test(name));
    if (parts.length === 0) throw kernelUnknown(spec, names);
    await unpackPackages(await apt.fetch(parts), temporary);
    const [release] = readdirSync(join(temporary, MODULES));
    if (release === undefined) throw kernelUnknown(spec, parts);
    writeFileSync(join(temporary, RELEASE_FILE), release);
  });
  const release = readFileSync(join(folder, RELEASE_FILE), 'utf8');
  const modules = join(folder, MODULES, release);
  const inBoot = join(folder, 'boot', `vmlinuz-${release}`);
  return { release, modules, vmlinuz: existsSync(inBoot) ? inBoot : join(modules, 'vmlinuz') };
}

function kernelUnknown(spec: KernelSpec, packages: readonly string[]): OsiError {
  return new OsiError(
    'GUEST_KERNEL_UNKNOWN',
    `${spec.kernelPackage} in ${spec.suite} leads to no kernel image`,
    {
      hint: 'name a metapackage such as linux-image-amd64, or a package linux-image-RELEASE',
      fields: { ...spec, packages },
    },
  );
}
