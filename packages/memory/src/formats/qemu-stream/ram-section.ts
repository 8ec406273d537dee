import { formatAddress, OsiError, PAGE_SIZE } from '@osi-linux/core';
import { readAt } from '../../sources/read-at';
import { IndexBudget, PAGE_KIND, RamBlock } from './ram-block';
import type { StreamReader } from './stream-reader';

// QEMU migration/ram.h, RAM_SAVE_FLAG_*: in the low 12 bits of the address of each record.
const FLAG = {
  zero: 0x02,
  memSize: 0x04,
  page: 0x08,
  eos: 0x10,
  continue: 0x20,
  xbzrle: 0x40,
  hook: 0x80,
  compressPage: 0x100,
  multifdFlush: 0x200,
} as const;
const OF_A_PAGE = FLAG.zero | FLAG.page | FLAG.xbzrle | FLAG.compressPage;

const MOST_BLOCKS = 4096;
const MOST_COMPRESSED = 2 * PAGE_SIZE;
const MOST_RAM = 2 ** 52;
const MAPPED_RAM_VERSION = 1;
// The bits of 4 TiB.
const MOST_BITMAP = 2 ** 27;

/** The facts about RAM that the stream gives before its section begins. */
export interface RamSetup {
  /** `version_id` of the section: 3 has no block names, 4 is the one since QEMU 0.14. */
  readonly version: number;
  readonly capabilities: readonly string[];
  /** Whether postcopy was announced, with blocks in larger pages than 4 KiB. */
  readonly hugePages: boolean;
}

/** The guest's RAM as the sections of a stream contain it. Later records of a page win. */
export class RamSections {
  readonly blocks: RamBlock[] = [];
  /** Blocks of more pages than the file can hold, which are remembered in part. */
  readonly cut: RamBlock[] = [];
  /** How many records held only the changes of a page. */
  deltas = 0;
  /** Whether other channels, which are not in the file, carried pages. */
  multifd = false;
  readonly setup: RamSetup;
  private readonly byName = new Map<string, RamBlock>();
  private current: RamBlock | undefined;
  private readonly wanted: (blocks: readonly RamBlock[]) => readonly RamBlock[];

  /** `wanted` chooses the blocks whose pages are remembered. */
  constructor(setup: RamSetup, wanted: (blocks: readonly RamBlock[]) => readonly RamBlock[]) {
    this.setup = setup;
    this.wanted = wanted;
  }

  /**
   * Reads the records of one section up to its end mark.
   *
   * @throws OsiError `DUMP_TRUNCATED` or `DUMP_MALFORMED`; what was read until then stays.
   */
  read(reader: StreamReader): void {
    for (;;) {
      const at = reader.position;
      const word = reader.u64();
      const flags = word % PAGE_SIZE;
      if (flags === FLAG.eos) return;
      if (flags === FLAG.multifdFlush) this.multifd = true;
      else if (flags === FLAG.memSize) this.readBlocks(reader, word - flags);
      else if ((flags & OF_A_PAGE) !== 0) this.readPage(reader, word - flags, flags);
      else if (flags !== FLAG.hook) throw damaged(reader, at, 'no record of RAM');
    }
  }

  private readPage(reader: StreamReader, address: number, flags: number): void {
    const at = reader.position;
    const block = this.blockOf(reader, flags);
    const page = address / PAGE_SIZE;
    if (block === undefined || page >= block.pages) {
      throw damaged(
        reader,
        at,
        `a page at ${address} of ${block === undefined ? 'an unknown block' : block.name}`,
      );
    }
    const kind = flags & ~FLAG.continue;
    if (kind === FLAG.zero) {
      block.fill(page, reader.u8());
    } else if (kind === FLAG.page) {
      const { position } = reader;
      reader.skip(PAGE_SIZE);
      block.put(page, PAGE_KIND.plain, position);
    } else if (kind === FLAG.compressPage) {
      const { position } = reader;
      const length = reader.u32();
      if (length > MOST_COMPRESSED) throw damaged(reader, position, `a compressed page of ${length} bytes`);
      reader.skip(length);
      block.put(page, PAGE_KIND.zlib, position);
    } else if (kind === FLAG.xbzrle) {
      const { position } = reader;
      reader.skip(1);
      reader.skip(reader.u16());
      this.deltas += 1;
      block.put(page, PAGE_KIND.delta, position);
    } else {
      throw damaged(reader, at, `a page with the flags ${formatAddress(flags)}`);
    }
  }

  private blockOf(reader: StreamReader, flags: number): RamBlock | undefined {
    if (this.setup.version === 3) return this.blocks[0];
    if ((flags & FLAG.continue) !== 0) return this.current;
    const name = reader.text(reader.u8());
    this.current = this.byName.get(name);
    return this.current;
  }

  private readBlocks(reader: StreamReader, total: number): void {
    const at = reader.position;
    if (this.blocks.length > 0) throw damaged(reader, at, 'a second list of blocks');
    if (!(total <= MOST_RAM)) throw damaged(reader, at, 'more RAM than possible');
    if (this.setup.version === 3) this.blocks.push(new RamBlock('ram', total));
    for (let listed = 0; this.setup.version !== 3 && listed < total; ) {
      const block = new RamBlock(reader.text(reader.u8()), reader.u64());
      listed += block.length;
      if (!(listed <= total) || this.blocks.length >= MOST_BLOCKS) {
        throw damaged(reader, at, `a list of blocks that does not add up to ${total} bytes`);
      }
      this.blocks.push(block);
      this.byName.set(block.name, block);
      this.readExtras(reader, block);
    }
    const budget = new IndexBudget(reader.source.size);
    for (const block of this.wanted(this.blocks)) {
      if (block.mapped === undefined && block.keep(budget) < block.pages) this.cut.push(block);
    }
  }

  /** The bytes that the capabilities add to a block of the list. */
  private readExtras(reader: StreamReader, block: RamBlock): void {
    if (this.setup.hugePages) skipPageSize(reader);
    // QEMU commit fbd162e629 ("migration: Add an ability to ignore shared RAM blocks"): the address follows.
    if (this.setup.capabilities.includes('x-ignore-shared')) reader.skip(8);
    if (this.setup.capabilities.includes('mapped-ram')) readMapped(reader, block);
  }
}

/**
 * With postcopy, the size of a block's pages follows where it is not the host's. It is a power of two without flag
 * bits, as neither the next name nor a record begins.
 */
function skipPageSize(reader: StreamReader): void {
  const next = reader.peek(8);
  if (next.length < 8) return;
  const view = new DataView(next.buffer, next.byteOffset, 8);
  const size = view.getUint32(4);
  const power = size >= 2 * PAGE_SIZE && (size & (size - 1)) === 0;
  if (view.getUint32(0) === 0 && power) reader.skip(8);
}

/** QEMU docs/devel/migration/mapped-ram.rst and migration/ram.c, struct MappedRamHeader. */
function readMapped(reader: StreamReader, block: RamBlock): void {
  const at = reader.position;
  const version = reader.u32();
  const pageSize = reader.u64();
  const bitmapAt = reader.u64();
  const pagesAt = reader.u64();
  if (version !== MAPPED_RAM_VERSION || pageSize !== PAGE_SIZE) {
    throw damaged(reader, at, `a mapped-ram header of version ${version} with pages of ${pageSize} bytes`);
  }
  // An ignored block has neither.
  if (bitmapAt === 0 && pagesAt === 0) return;
  const bitmapBytes = Math.ceil(block.pages / 64) * 8;
  if (bitmapBytes > MOST_BITMAP) {
    throw damaged(reader, at, `a mapped-ram header with a bitmap of ${bitmapBytes} bytes`);
  }
  const bitmapEnd = bitmapAt + bitmapBytes;
  if (bitmapAt < reader.position || !(pagesAt >= bitmapEnd)) {
    throw damaged(reader, at, `a mapped-ram header with a bitmap at ${bitmapAt} and pages at ${pagesAt}`);
  }
  reader.skip(pagesAt - reader.position);
  block.mapped = { bitmap: readAt(reader.source, bitmapAt, bitmapBytes), position: pagesAt };
  reader.skip(block.length);
}

function damaged(reader: StreamReader, position: number, what: string): OsiError {
  return new OsiError('DUMP_MALFORMED', `${reader.source.name} has ${what} at offset ${position}`, {
    hint: 'copy or take the dump again',
    fields: { source: reader.source.name, position },
  });
}
