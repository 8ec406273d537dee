import { describe, expect, it } from 'vitest';
import { PageBuffer } from './page-buffer';

describe('PageBuffer', () => {
  it('has the same bytes until they are taken', () => {
    const buffer = new PageBuffer();
    const { bytes } = buffer;
    bytes[0] = 7;
    expect(buffer.bytes).toBe(bytes);
    const page = buffer.take();
    expect(page.bytes).toBe(bytes);
    expect([page.bytes.length, page.view.byteLength, page.view.getUint8(0)]).toEqual([4096, 4096, 7]);
    expect(buffer.bytes).not.toBe(bytes);
  });

  it('gives each page bytes of its own', () => {
    const buffer = new PageBuffer();
    const pages = Array.from({ length: 1100 }, (_, index) => {
      buffer.bytes.fill(index & 0xff);
      return buffer.take();
    });
    const wrong = pages.filter(({ bytes }, index) => bytes.some((byte) => byte !== (index & 0xff)));
    expect(wrong).toEqual([]);
  });

  it('cuts only the first pages of larger buffers, so that a few that are kept keep little', () => {
    const buffer = new PageBuffer();
    const buffers = new Set(Array.from({ length: 1100 }, () => buffer.take().bytes.buffer));
    const sizes = [...buffers].map(({ byteLength }) => byteLength);
    expect(sizes.filter((size) => size > 4096).reduce((sum, size) => sum + size, 0)).toBe(4 * 1024 * 1024);
    expect(sizes.filter((size) => size === 4096)).toHaveLength(1100 - 1024);
  });
});
