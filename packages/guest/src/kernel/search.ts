import type { Kernel } from '@osi-linux/kstruct';
import type { Dump } from '@osi-linux/memory';
import {
  type KernelSource,
  type LocatedKernel,
  locateKernel,
  locateKernels,
  MemorySurvey,
  parseVmcoreinfo,
  type Vmcoreinfo,
} from '@osi-linux/symbols';
import { type Banner, bannerAmong, bannerBySymbol, findImageBanner, scanForBanner } from './banner';
import { findVmcoreinfoInImage } from './note-in-image';
import { findKernelUtsname, findUtsname } from './utsname-search';

/**
 * The facts about its kernel that a dump's memory contains, without a profile. Each is searched for once, on
 * the first use, and all of them share one pass over memory.
 */
export class KernelSearch {
  readonly dump: Dump;
  /** Everything in memory that may lead to a kernel. */
  readonly survey: MemorySurvey;
  private located: { readonly kernel: LocatedKernel | undefined } | undefined;
  private keptVmcoreinfo: { readonly found: Vmcoreinfo | undefined } | undefined;
  private keptBanner: { readonly found: Banner | undefined } | undefined;

  constructor(dump: Dump) {
    this.dump = dump;
    this.survey = new MemorySurvey(dump.memory);
  }

  /** The source that is searched for the kernel. */
  get source(): KernelSource {
    const { memory, cpus, vmcoreinfo, machine } = this.dump;
    return { memory, cpus, vmcoreinfo, machine, symbols: SYMBOLS, survey: this.survey };
  }

  /** The kernel, with its symbols where they can be read; `undefined` if no kernel is found. */
  get kernel(): LocatedKernel | undefined {
    this.located ??= { kernel: locateKernel(this.source) };
    return this.located.kernel;
  }

  /**
   * Other kernels in memory: one that was started to dump a crashed one, remains of others. Reads all of
   * memory.
   */
  findOthers(): LocatedKernel[] {
    const place = ({ location }: LocatedKernel) => `${location.textBase} ${location.physBase}`;
    const { kernel } = this;
    return locateKernels(this.source).filter(
      (other) => kernel === undefined || place(other) !== place(kernel),
    );
  }

  /** The kernel's VMCOREINFO: by its symbols, else one in memory that names its image, else one in the image itself. */
  get vmcoreinfo(): Vmcoreinfo | undefined {
    this.keptVmcoreinfo ??= { found: this.findVmcoreinfo() };
    return this.keptVmcoreinfo.found;
  }

  private findVmcoreinfo(): Vmcoreinfo | undefined {
    const { kernel, survey } = this;
    if (kernel?.vmcoreinfo !== undefined || kernel === undefined) return kernel?.vmcoreinfo;
    const names = (note: Vmcoreinfo) => note.address('SYMBOL(_stext)') === kernel.location.textBase;
    const found = survey.notes.map(({ text }) => parseVmcoreinfo(text)).find(names);
    return found ?? findVmcoreinfoInImage(kernel, survey.memory);
  }

  /** The kernel's banner: where its symbols say, else in its image, else anywhere in memory. */
  get banner(): Banner | undefined {
    this.keptBanner ??= { found: this.findBanner() };
    return this.keptBanner.found;
  }

  private findBanner(): Banner | undefined {
    const { kernel, survey } = this;
    const near = kernel && bannerOf(kernel);
    if (near !== undefined) return near;
    return bannerAmong(survey.memory, survey.texts.banners) ?? scanForBanner(survey.memory);
  }
}

/** The banner of a kernel that was found: by its symbol, else in its image. */
export function bannerOf(kernel: LocatedKernel): Banner | undefined {
  const { tables, textBase } = kernel.location;
  return bannerOfSymbols(kernel) ?? findImageBanner(tables, textBase, findUtsname(tables, textBase));
}

/** The banner of a kernel by the symbol `linux_banner`; `undefined` if its symbols are unknown. */
export function bannerOfSymbols({ location, symbols }: LocatedKernel): Banner | undefined {
  const at = symbols?.lookup(SYMBOLS).get('linux_banner');
  return at === undefined ? undefined : bannerBySymbol(location.tables, at);
}

/**
 * The banner of a kernel that is read through a profile: by its symbol if those that were found are its own, else in its
 * image, with the names of its `init_uts_ns`.
 */
export function findGuestBanner(search: KernelSearch, kernel: Kernel): Banner | undefined {
  const init = kernel.info['task.init_addr'];
  if (init === undefined) return undefined;
  const uts = findKernelUtsname(kernel);
  const named = search.kernel && bannerOfSymbols(search.kernel);
  const isOwn = uts === undefined || named?.text.startsWith(`Linux version ${uts.release} (`) === true;
  return named !== undefined && isOwn ? named : findImageBanner(kernel.memory, init, uts);
}

/** The symbols to look up besides those that a section is derived from, in the one walk over all names. */
const SYMBOLS: readonly string[] = ['linux_banner', 'init_task'];
