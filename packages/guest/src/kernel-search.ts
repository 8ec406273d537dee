import { readPartial } from '@osi-linux/core';
import type { Dump } from '@osi-linux/memory';
import { type LocatedKernel, locateKernel } from '@osi-linux/symbols';
import { type Banner, bannerIn, findBannerNear, LONGEST_BANNER, scanForBanner } from './banner';

/** What a dump's memory tells of its kernel without a profile; each is searched for once, when it is first asked for. */
export class KernelSearch {
  readonly dump: Dump;
  #located: { readonly kernel: LocatedKernel | undefined } | undefined;
  #banner: { readonly found: Banner | undefined } | undefined;

  constructor(dump: Dump) {
    this.dump = dump;
  }

  /** The kernel, with its symbols where they can be read; `undefined` where none is found. */
  get kernel(): LocatedKernel | undefined {
    const { memory, cpus, vmcoreinfo, machine } = this.dump;
    this.#located ??= { kernel: locateKernel({ memory, cpus, vmcoreinfo, machine, symbols: SYMBOLS }) };
    return this.#located.kernel;
  }

  /** The kernel's banner: where its symbols say, else in its image, else anywhere in memory. */
  get banner(): Banner | undefined {
    this.#banner ??= { found: this.#findBanner() };
    return this.#banner.found;
  }

  #findBanner(): Banner | undefined {
    const { kernel } = this;
    if (kernel === undefined) return scanForBanner(this.dump.memory);
    const { tables, textBase } = kernel.location;
    const at = kernel.symbols?.lookup(SYMBOLS).get('linux_banner');
    const text = at === undefined ? undefined : bannerIn(readPartial(tables, at, LONGEST_BANNER).bytes);
    if (at !== undefined && text !== undefined) {
      return { text, place: `virtual address 0x${at.toString(16)}` };
    }
    return findBannerNear(tables, textBase) ?? scanForBanner(this.dump.memory);
  }
}

/** What is looked up beside what a section is derived from, on the one way over all names. */
const SYMBOLS: readonly string[] = ['linux_banner', 'init_task'];
