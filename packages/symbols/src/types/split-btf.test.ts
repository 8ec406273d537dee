import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { BtfWriter } from '@osi-linux/test-fixtures/type-writers';
import { describe, expect, it } from 'vitest';
import { Btf } from './btf';
import { eachModuleBtf } from './split-btf';

/** The structures where the kernel keeps the BTFs of modules. */
function writeKernel(): BtfWriter {
  const writer = new BtfWriter();
  const long = writer.int('long unsigned int', 8);
  const pointer = writer.pointer(long);
  const int = writer.int('unsigned int', 4);
  const list = writer.struct('list_head', 16, [
    { name: 'next', type: pointer, bits: 0 },
    { name: 'prev', type: pointer, bits: 64 },
  ]);
  writer.struct('btf_module', 32, [
    { name: 'list', type: list, bits: 0 },
    { name: 'module', type: pointer, bits: 128 },
    { name: 'btf', type: pointer, bits: 192 },
  ]);
  writer.struct('module', 80, [{ name: 'name', type: writer.array(writer.int('char', 1), 56), bits: 192 }]);
  writer.struct('btf', 32, [
    { name: 'data', type: pointer, bits: 0 },
    { name: 'data_size', type: int, bits: 64 },
  ]);
  return writer;
}

const HEAD = 0xffffffff82000000n;
const kernelWriter = writeKernel();
const btf = new Btf(kernelWriter.bytes());

function writeModuleTypes(name: string): Uint8Array {
  const writer = new BtfWriter(kernelWriter.asBase);
  writer.struct(name, 48, [{ name: 'links', type: 4, bits: 128 }]);
  return writer.bytes();
}

function word(memory: FakeVirtualMemory, at: bigint, value: bigint): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  memory.writeBytes(at, bytes);
}

/** A list of modules with their BTFs at every 64 KiB. */
function writeModules(modules: readonly (readonly [string, Uint8Array])[]): FakeVirtualMemory {
  const memory = new FakeVirtualMemory();
  const entries = modules.map((_, index) => 0xffff888000000000n + BigInt(index) * 0x10000n);
  const ring = [HEAD, ...entries, HEAD];
  for (let at = 0; at + 1 < ring.length; at++) {
    word(memory, ring[at] ?? 0n, ring[at + 1] ?? 0n);
    word(memory, (ring[at + 1] ?? 0n) + 8n, ring[at] ?? 0n);
  }
  for (const [index, [name, bytes]] of modules.entries()) {
    const entry = entries[index] ?? 0n;
    word(memory, entry + 16n, entry + 0x1000n);
    memory.writeBytes(entry + 0x1000n + 24n, new Uint8Array(56));
    memory.writeText(entry + 0x1000n + 24n, name);
    word(memory, entry + 24n, entry + 0x2000n);
    word(memory, entry + 0x2000n, entry + 0x3000n);
    word(memory, entry + 0x2008n, BigInt(bytes.length));
    memory.writeBytes(entry + 0x3000n, bytes);
  }
  return memory;
}

const symbols = { lookup: () => new Map([['btf_modules', HEAD]]) };

describe('eachModuleBtf', () => {
  it('reads each, on top of the kernel', () => {
    const memory = writeModules([
      ['fuse', writeModuleTypes('fuse_conn')],
      ['overlay', writeModuleTypes('ovl_fs')],
    ]);
    const found = [...eachModuleBtf({ memory, symbols, btf })];
    expect(found.map(({ module }) => module)).toEqual(['fuse', 'overlay']);
    expect(found[1]?.btf?.member('ovl_fs.links.prev')?.offset).toBe(24);
    expect(found[0]?.btf?.sizeOf('ovl_fs')).toBeUndefined();
  });

  it('names a damaged one and goes on', () => {
    const memory = writeModules([
      ['broken', new Uint8Array(40)],
      ['fuse', writeModuleTypes('fuse_conn')],
    ]);
    const found = [...eachModuleBtf({ memory, symbols, btf })];
    expect(found.map(({ module, error }) => [module, error?.code])).toEqual([
      ['broken', 'BTF_MALFORMED'],
      ['fuse', undefined],
    ]);
  });

  it('ends where the list runs in a circle beside its head, and where it is torn', () => {
    const memory = writeModules([
      ['one', writeModuleTypes('one')],
      ['two', writeModuleTypes('two')],
    ]);
    const [first, second] = [0xffff888000000000n, 0xffff888000010000n];
    word(memory, second, first);
    expect([...eachModuleBtf({ memory, symbols, btf })].map(({ module }) => module)).toEqual(['one', 'two']);
    word(memory, first, first);
    expect([...eachModuleBtf({ memory, symbols, btf })].map(({ module }) => module)).toEqual(['one']);
    word(memory, first + 8n, first);
    expect([...eachModuleBtf({ memory, symbols, btf })]).toEqual([]);
  });
});
