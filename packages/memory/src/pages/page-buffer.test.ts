import { describe, expect, it } from 'vitest';
import { PageRoom } from './page-buffer';

describe('PageRoom', () => {
  it('has the same bytes until they are taken', () => {
    const room = new PageRoom();
    const { bytes } = room;
    bytes[0] = 7;
    expect(room.bytes).toBe(bytes);
    const page = room.take();
    expect(page.bytes).toBe(bytes);
    expect([page.bytes.length, page.view.byteLength, page.view.getUint8(0)]).toEqual([4096, 4096, 7]);
    expect(room.bytes).not.toBe(bytes);
  });

  it('gives each page bytes of its own', () => {
    const room = new PageRoom();
    const pages = Array.from({ length: 1100 }, (_, index) => {
      room.bytes.fill(index & 0xff);
      return room.take();
    });
    const wrong = pages.filter(({ bytes }, index) => bytes.some((byte) => byte !== (index & 0xff)));
    expect(wrong).toEqual([]);
  });

  it('cuts only the first pages of larger buffers, so that a few that are kept keep little', () => {
    const room = new PageRoom();
    const buffers = new Set(Array.from({ length: 1100 }, () => room.take().bytes.buffer));
    const sizes = [...buffers].map(({ byteLength }) => byteLength);
    expect(sizes.filter((size) => size > 4096).reduce((sum, size) => sum + size, 0)).toBe(4 * 1024 * 1024);
    expect(sizes.filter((size) => size === 4096)).toHaveLength(1100 - 1024);
  });
});
