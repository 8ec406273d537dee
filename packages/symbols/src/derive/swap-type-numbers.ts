import type { Derivation, Derived } from './derivation';

/** 1 << MAX_SWAPFILES_SHIFT: all types, those of swap files and the special ones above them (include/linux/swap.h). */
const ALL_TYPES = 32;

/**
 * How many special types there are of each sort, from the marks that came into the kernel with them. In the
 * order of their numbers: poisoned pages, migration, memory of devices, and the markers above.
 */
interface SpecialTypes {
  readonly hwpoison: number;
  readonly migration: number;
  readonly device: number;
  readonly markers: number;
}

/** Functions that show how many types memory of devices and poisoned pages have. */
export const SWAP_TYPE_SYMBOLS = [
  'memory_failure',
  'migrate_pages',
  'make_device_exclusive',
  'make_device_exclusive_range',
  'migrate_vma_setup',
] as const;

/** First or last number of a sort of swap types, by its key. */
export function swapTypeNumber(name: string, derivation: Derivation): Derived {
  const { hwpoison, migration, device, markers } = countSpecialTypes(derivation);
  const first = ALL_TYPES - hwpoison - migration - device - markers;
  const evidence = `${hwpoison} of poisoned pages, ${migration} of migration, ${device} of devices, ${markers} of markers`;
  const number: Readonly<Record<string, number | undefined>> = {
    SWP_HWPOISON: hwpoison > 0 ? first : undefined,
    SWP_MIGRATION_READ: migration > 0 ? first + hwpoison : undefined,
    SWP_MIGRATION_WRITE: migration > 0 ? first + hwpoison + migration - 1 : undefined,
    SWP_DEVICE_WRITE: device > 0 ? first + hwpoison + migration : undefined,
  };
  const value = number[name];
  return value === undefined ? { missing: `this kernel is built without ${name}` } : { value, evidence };
}

function countSpecialTypes(derivation: Derivation): SpecialTypes {
  // Linux commit 6c287605fd56 ("mm: remember exclusively mapped anonymous pages with PG_anon_exclusive") (in v5.19)
  const exclusive = derivation.types.enumerator('pageflags', 'PG_anon_exclusive') !== undefined;
  // Both markers came in v5.19; that of pages that could not be swapped in went with this structure, in v6.2.
  const swapinError = exclusive && derivation.types.sizeOf('mm_rss_stat') !== undefined;
  return {
    hwpoison: derivation.symbol('memory_failure') === undefined ? 0 : 1,
    migration: derivation.symbol('migrate_pages') === undefined ? 0 : exclusive ? 3 : 2,
    device: countDeviceTypes(derivation, exclusive),
    markers: (exclusive ? 1 : 0) + (swapinError ? 1 : 0),
  };
}

/** CONFIG_DEVICE_PRIVATE, by the functions that are compiled with it: two types, and those of exclusive access. */
function countDeviceTypes(derivation: Derivation, exclusive: boolean): number {
  if (derivation.symbol('make_device_exclusive') !== undefined) return 3;
  if (derivation.symbol('make_device_exclusive_range') !== undefined) return 4;
  // Where pages can be exclusive, this function is compiled without CONFIG_DEVICE_PRIVATE too.
  return !exclusive && derivation.symbol('migrate_vma_setup') !== undefined ? 2 : 0;
}
