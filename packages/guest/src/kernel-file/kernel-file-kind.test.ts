import { writeBootImage, writeElf } from '@osi-linux/test-fixtures/type-writers';
import { describe, expect, it } from 'vitest';
import { findKernelFileKind } from './kernel-file-kind';

const text = (content: string) => new TextEncoder().encode(content);

function elfOfType(type: number): Uint8Array {
  const bytes = writeElf([]);
  bytes[16] = type;
  return bytes;
}

describe('a file by its first bytes', () => {
  it.each([
    ['vmlinux', elfOfType(2)],
    ['vmlinux', elfOfType(3)],
    ['boot-image', writeBootImage(Uint8Array.of(1))],
    ['btf', Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0)],
    ['isf', text('{\n  "metadata": {')],
    ['isf', text('\uFEFF { "base_types": {}')],
    ['symbols', text('ffffffff81000000 T _text\n')],
    ['symbols', text('0000000000000000 A fixed_percpu_data\n')],
    ['symbols', text('c1000000 T _text\n')],
    ['packed', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
    ['packed', Uint8Array.of(0x1f, 0x8b, 8)],
    ['packed', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
    ['packed', text('BZh9')],
  ])('is %s', (kind, head) => {
    expect(findKernelFileKind(head)).toBe(kind);
  });

  it.each([
    ['a core', elfOfType(4)],
    ['a module of a kernel', elfOfType(1)],
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(4096)],
    ['a kernel log', text('[    0.000000] Linux version 6.1.0')],
    ['LiME', text('EMiL')],
    // Bytes that raw memory may begin with.
    ['bytes that lzma begins with', Uint8Array.of(0x5d, 0, 0, 0x80)],
    ['a brace', text('{ 1')],
  ])('is not a file of a kernel: %s', (_, head) => {
    expect(findKernelFileKind(head)).toBeUndefined();
  });
});
