/** The text by which a kernel identifies itself in `/proc/version`, and when it boots. */
export interface KernelBanner {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** As `uname -v` prints it. */
  readonly version: string;
}

/** init/version-timestamp.c: `Linux version RELEASE (BUILDER) (COMPILER) VERSION`. */
const SHAPE = /^Linux version ([0-9]\S*) \([^\n]*\) (#[0-9][^\n]*)$/;
/** No banner is longer. */
const LONGEST = 1024;

/**
 * Takes the text of `/proc/version` or of `linux_banner` apart; `undefined` for any other text. NULs and blanks behind it
 * are passed over.
 *
 * @example
 * ```ts
 * parseKernelBanner('Linux version 6.1.0-37-amd64 (a@b) (gcc-12 (Debian) 12.2.0) #1 SMP Debian 6.1.140-1 (2025-05-22)\n')
 * // => { release: '6.1.0-37-amd64', version: '#1 SMP Debian 6.1.140-1 (2025-05-22)' }
 * parseKernelBanner('Linux 6.1') // => undefined
 * ```
 */
export function parseKernelBanner(text: string): KernelBanner | undefined {
  if (text.length > LONGEST) return undefined;
  const [, release, version] = SHAPE.exec(text.replace(/[\s\0]+$/, '')) ?? [];
  return release === undefined || version === undefined ? undefined : { release, version };
}
