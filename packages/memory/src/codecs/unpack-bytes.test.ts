import { gzipSync } from 'node:zlib';
import { OsiError } from '@osi-linux/core';
import { zstdFrame } from '@osi-linux/test-fixtures/dump-writers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPacking, unpackBytes } from './unpack-bytes';

/** Numbers that look like chance, the same ones every time. */
function chance(seed: number, length: number, make: (value: number) => number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return make(state >>> 16);
  });
}

/** Calls and jumps to seven places, as the filter for x86 code makes use of, then bytes that nearly are some. */
function codeLike(): Uint8Array {
  const out: number[] = [];
  for (let index = 0; index < 800; index += 1) {
    const target = (0x12340 + (index % 7) * 0x100 - (out.length + 6)) >>> 0;
    const bytes = [target & 0xff, (target >>> 8) & 0xff, (target >>> 16) & 0xff, target >>> 24];
    out.push(0x55, 0xe8 + (index & 1), ...bytes, 0xc3, index & 0x1f);
  }
  const nearly = [0xe8, 0xe9, 0, 0xff, 0x12, 0x48, 0xe8, 0];
  return Uint8Array.from([...out, ...chance(7, 700, (value) => nearly[value & 7] ?? 0)]);
}

const PLAIN = {
  text: Uint8Array.from({ length: 50_000 }, (_, at) => {
    return (Math.floor(at / 3) % 11) * (Math.floor(at / 1000) % 3) + Math.floor(at / 8192) + 97;
  }),
  noise: chance(1, 600, (value) => value & 0xff),
  code: codeLike(),
};

/** The output of xz 5.4 for them. */
const PACKED: readonly (readonly [string, keyof typeof PLAIN, string])[] = [
  [
    'text, CRC64',
    'text',
    '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4MNPAWhdADDv+7/+o7C58gliKt+qaZWcWoAu8YdHw/XSa9Cfwi3SV+SXqgjnrv1xTPvh' +
      'pvNZkplz7CWgl9bcFROECQBu+1jSJs4SMzUreqAc2BZkwYEK2enk0Obhs6nAdgGuOWSkSk2XVLJKouAu6D3XIX4utjzYKKbol7SW' +
      'M32otVahsageDiFHEPuPFjXc3MmH7bXW/pMIM38mu76gclx3jvgVJ3NycB81MAASo+7/N+23NcirBUkne2i9PCk3ihMp9N6LnH4X' +
      'WsVa+Z6+pyjIVAC5fje5NIEyXsSzqRBPezCRYZHiaY64JlHezfDI/iRBrQq+dXfNLKeg+X7WY2SItHg330frPjfncSJjj6QgmIrT' +
      '+6Pll/lelCS4qeP8GtM6VVk1Y9Nf3z486GV2JuCFKxL3ZPXQUrOnC7c+uucCHX49PkE6W1rKdQs6Htttnjf1sPRK9jwQnFc7agCa' +
      'sWW+h6qTJFbRGyVBe5BKAAD/nUjmjbid5wABhAPQhgMAq3UV6bHEZ/sCAAAAAARZWg==',
  ],
  [
    'text, other properties, no check',
    'text',
    '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4MNPAWQTADDwe8H+ro73UJSVutkc/XKtFazzwrQ0fTwxuCrS4aDmY5SkH97Xco10XepO' +
      'T0TTg6Yh3Ko/JScn1tep7jJn02vNC1pYyuvJAbUOfbVURl/ILSj2oP19LhAbHHHhIDXcDo6kRdRluCjO5KxFndMWHVdPhQUagRbm' +
      'f0qlYESHVQodtf/D6Ieu+M0CBY32uHVf/LUf+vZRBmlXb9X7GfY1akDDfRBOvjojANk+f44lTxpbX3J6NNLdRXsMMcQfvSitopfn' +
      'FA2h0llu2IwGWsyG9qF7uwWxFuFkDyFE41d90wzgV/UAtTo8iHnYkEoprt2sCRxX0vUcQaXnkXhoCEmDzIdvPKDoiVgTnOcKbmTL' +
      'tiT5PYy9lqITOP7yFzVGhGq9y/indDogN1iS+X8NNaPE58iKVwwpdImtadVcOILqwCEB0S0LL3PWBd279mE3pj0wBZeIb8C+J8Zw' +
      'tU6ATI9x8XIdoTwAAAAB+ALQhgMAoZGVqKgACvwCAAAAAABZWg==',
  ],
  [
    'text in blocks, SHA-256',
    'text',
    '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4E4fAMZdADDv+7/+o7C58gliKt+qaZWcWoAu8YdHw/XSa9Cfwi3SV+SXqgjnrv1xTPvh' +
      'pvNZkplz7CWgl9bcFROECQBu+1jSJs4SMzUreqAc2BZkwYEK2enk0Obhs6nAdgGuOWSkSk2XVLJKouAu6D3XIX4utjzYKKbol7SW' +
      'M32otVahsageDiFHEPuPFjXc3MmH7bXW/pMIM38mu76gclx3jvgVJ3NycB81MAASo+7/N+23NcirBUkne2i9PCk3ihMp9N6LnH4X' +
      'WSPSdAAAAOhN9PyFr4Hn1M4RVLCxg4c0/DQPCCNw5g4uC92Mg0k0AgAhARYAAAB0L+Wj4E4fAMBdADGZcAz6BvmZhGp7D3xp+3LT' +
      'EPWhuRlFdsoSP160cOEvzxdyGYVvWkpBZfapQCJjHPVI5G/ZP0sZlR2rQsbuqCEk+SV0vYgdEo5h2aXi+oBVht7hzZmjadVLOo2p' +
      'GgRJE0jNKkju5Q4KrMPL0nvzKSJSG92BZKEsyFGQuiA2sS3xLGlW179gvKpyHjkNzGZmwV4lQpuSavn/++tDWYG6TGanA+Qylnsr' +
      'orQZ9amcpGq/7x1FR796PDI7CENWT/itFQBb9Kr/dyVXJYoDpnDwQKbW9FfGDmZF6UlSofHtGHza8AIAIQEWAAAAdC/lo+AnDwCB' +
      'XQAzYZtA1kEEWQLz7SJ43YKLs7eVfqoyutfVqE1RXQWzf/OqaRqfQIGs8giRkZ6GDMYke5hKMVoe9bc47OzurEnPgL2CR/XWUB1U' +
      'HNTJphFItqr82FqpkDl+9zlvD5562bHQTTaNVFEPeit31f96/5UIgl+Uwsb54kzHuUoDw26/5OYAAAAAzPJ6r30rofcwpsUySxWi' +
      'OS91amXcj7ld0FeXOzoSo38AA/oBoJwB9AGgnAG1AZBO3E7WA6sKhsoEAAAAAApZWg==',
  ],
  [
    'noise, CRC32',
    'noise',
    '/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQJXxn6Ba0v74vtU9r3ffBzhhwG/Md5Wcg9HZ2aHWaqIPFnqVhN70oWh2DxUVS83rmVb' +
      '2gJ5mMzjGnaOX9mZjx8/Nu5DeE0N+r6m2uSGjtwpbU7/VuFwIPuPsVgFkMUJ3FPNqjtImVLTUp0Gn+q1wgYTmEmyAR6sMogxnFJG' +
      'lXE2j1f2OR0W+oh09Zh8F1xBu21xjg9wWccBGy8zPZHAHaUNDaszjX5ejz7maHSmOrHDkxGoZMfbyuBg4fO/CQBnouMloCExh9Vi' +
      'xahPfi4Ja5SfsG2pnloLRnCAts9HDKalKtis+6Drt3kkciOSSIDFpqeFt9eMkOSrY0RSZuOcMyX5Xqq6c2BdS3F+vqmMVxlxw8pe' +
      '5SozrIhRZqF7dWdkmmnvb1ZCoB1RxQL3u5JFvm8NtjjMEP27VFEceweUJ5N9ksPUxqVhUQE4OKe/8QQNFZuAH4PVpGmIfJ+2AdqT' +
      'F0WLErICM1xQ1uFWpK1CSlzdhmHpAxLhD5vqJixh3GJIa20U4AOFSnJG2pbIfRzRBT7lknBDX2wDBbPrsyA1TX5mUAE2wDPhD8k4' +
      'LukpGU9esdFJiztT/Z8/7iUlNXsNEa9MEYwy1Np/2BZX4abOfcGuYr8T5IdMOsGzDFmZR1havXh8ulAB7RvqikmI7tYUhauwLN41' +
      'kxEtARzXKEMw57AI7XmZE1HSOnetPbT4x8oDItLJxicPBM56P8BoLM9yagnCQgByXkE0+JZpP706WJGL4cyisZLdd6E1/vNLvLHj' +
      'NxENx2W+8WHlXgb/Ncd2iV30bkrMtVR+8RXIAAa4VLgAAewE2AQAAE6QurM+MA2LAgAAAAABWVo=',
  ],
  [
    'code behind the filter x86, CRC32',
    'code',
    '/Td6WFoAAAFpIt42AgEEACEBHgAFDOzX4Bu7AuBdACq6BAIeh/+l4XhAk/CkvUjBim5YMUn88zK2Uo9cIigscQga3m4PoOwMQDTd' +
      'WUe79o/6pxVG4lpK6M1D52IImAHPlwymsvZITrvIGVrV4HLjHQnJFkMzP1g9W52IgdjT6r215K+oPA8FSeM+FmeCXU4SA+vGt4z2' +
      'q4fZdjxJSIzuZaN6T0ZhjC2RWHpV7hHbWlRuEQlLWSxVwhP42bKd2pgfVDgEwduI8FL9MmuOXvxICKJWT4V6cgso58hYiAMz5dSd' +
      'bK5j373lVTOFHJnjXXryDPYTpSGHtLzy182l8nsR/XWO+6Rv0bMZkKFQFtPb3XOuG6r8TgDr0TYbOGDsQd4iWru31b1kt2UB9/yU' +
      'YElkbJi9Y1erc+iF6mRArJ3lNpxWUyFFJSGInOhw7Y3dsxcr2ETWK9U1j8P8patZkWHZ6zaCdyeO2uov3/iE6fkveaHSTy24Sxbu' +
      'P9FwE5aooIU5005qzsknf4rJg+cgaOt5BDwFwE86cfK8ZEBVXuFFgEDPQ95KkjIyekeK5ZjmqS6QQclUEjDXfCsJ4gcg6A3L2pHt' +
      '/ByMnAMquSOcXmXEM1ocEinHGNNd3Kj1ze24lvywOh/7Ehi8MPGmfOr8LBFZDFPoipS/cj+rTnf/kKBnHWXjy3FrXMmF8iuc0Nku' +
      'VJwhJvkhDfvQARbW5dSI9BYeNUkLMWYQc3Ty/wH+H5jZAlMtE2vcNWE8XmxDD8/PhlDBgBHOQiPdof6BWWWeaT36HdP+JNufn4ci' +
      'SesQPflFk5N8Y9gGFsj2GjL6q6s18uQaV7/2s3Igz8Z2V6u/J/j7EyDwAJVfqsTD9Y+83JMjFFtU2MW38v0O5aPGKn6zDqB2aHUe' +
      'ZfJpQ9i7CQBBF7iUmG5n+EikL6q+XJSI47n6RVaUvA6ykPw5xeBZ5yoou5vofN0mz4a7Fn10OU6/HwfZxpJYN721eHDN4kR9YimX' +
      'EMyFuGSQzEHEppwTeo08qUgAVZSyIAAB+AW8NwAA7sL0hD4wDYsCAAAAAAFZWg==',
  ],
];
const WITH_DELTA =
  '/Td6WFoAAATm1rRGAgEDAQAhARZ5IMTu4MNPAPNdADCAM//f/1HWXCzz/R7ABZqvKwZnB83M9YukzTlgS231ZdTEgHZrH+SrOGSH' +
  '22asixqxidxqMDxcssLsSQX8m9DfhATv0tYzcF7WlaPEO/UQKLCbT6TZ5LLWACCpIiw8iOnM9PJQH8yaxpjcb8NvzCWw7agVDOQU' +
  '3H47f+uItzCTCLfFJyP8xo4CIk2fDT465mHoORs11Q/QTWYJfini6WueEOubNM/TziJlWCDcL8Iz0j00BboK9kGvNUbPbu21tlj3' +
  'hkQTBWCoNyyIbGm4M/ZJv5sNGhkeUHceCqfgyTMdPy4D/seckSnLCCf75OjAffbncQAA/51I5o24necAAY8C0IYDANissr6xxGf7' +
  'AgAAAAAEWVo=';

/** The output of lz4 -l for the text. */
const LZ4 =
  'AiFMGHgCAAAfYQEA////1/8SZGRlZWVmZmZnZ2doaGhpaWlqampra2thYWFiYmJjY2NkIQD///+3/xJtb29vcXFxc3NzdXV1YWFh' +
  'Y2NjZWVlZ2dnaWlpa2trbW0hAP///7cPuAv////YDpoLD7sL////xg6aCw+7C////8YPuAv////YDlUXD7sL////xg+jCK3/EmZo' +
  'aGhqampsbGxubm5wcHBycnJ0dHR2dnZiYmJkZGRmZiEA///2H2IBAP///9kP+wcIP2xsbCEA////uA/1Cg4PIQD///+3D7YL////' +
  '2C9sbLsL////1g6aCw+7C////8YPuAv////YD2kJ/24KHgA+bW1tPwAPIQD//zQPiSIGPnd3d6oiDyEA////qh9jAQD////XDy8K' +
  'Dg8hAP///7gvZWW7C////9UPuAv////YDpoLD7sL////xh93uwv////XDxAK//8vH2QBAP+VB/sHP25ubhwIAA8hAP///7dPdnh4' +
  'eCwrCw8hAP///7YfZAEA////1w6aCw+7C////8YOmgsPuwv////EDwEA////2g5VFw+7C////8YP1Ar//+8feWgiCy95eSEAtQ8B' +
  'AP///9cP+wcBPm9vbxwIDyEA////rw+jCA4PIQD///+3D7gL////2A6aCw+7C////8YOmgsPuwv////GD7gL////2A+aC////7AP' +
  'HgAEOnBwcD8ADFggPnp6enkgDyEA////sx9mAQD////ZDhwIDv4HDyEA////sg6aCw+7C////8YPtgv////YL3Bwuwv////WDlUX' +
  'D7sL////xg+4C////9gPggiFCx4APnFxcT8ADyEA////F1BnZ2doaA==';

const most = 1 << 20;
const unbase = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

function failure(run: () => unknown): OsiError {
  try {
    run();
  } catch (error) {
    if (OsiError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('xz', () => {
  it.each(PACKED)('is undone: %s', (_, name, packed) => {
    expect(same(unpackBytes(unbase(packed), { most }), PLAIN[name])).toBe(true);
  });

  it('is undone in several streams, with zeros between', () => {
    const one = unbase(PACKED[0]?.[2] ?? '');
    const both = unpackBytes(Uint8Array.from([...one, 0, 0, 0, 0, ...one, 0, 0, 0, 0]), { most });
    expect(same(both, Uint8Array.from([...PLAIN.text, ...PLAIN.text]))).toBe(true);
  });

  it('is refused before anything is unpacked where it comes to too much', () => {
    const { code, message } = failure(() => unpackBytes(unbase(PACKED[0]?.[2] ?? ''), { most: 49_999 }));
    expect([code, message]).toEqual([
      'SOURCE_UNPACK_FAILED',
      'the file cannot be unpacked from xz: it decompresses to 50000 bytes, more than 49999',
    ]);
  });

  it('is refused with filters that no kernel is packed with', () => {
    expect(failure(() => unpackBytes(unbase(WITH_DELTA), { most })).message).toMatch(/filters .* 0x3, 0x21$/);
  });

  it('is refused where a byte was changed under its checksum', () => {
    for (const [name, , packed] of PACKED) {
      const bytes = unbase(packed);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
      if (!name.endsWith('CRC32')) continue;
      expect(failure(() => unpackBytes(bytes, { most })).code).toBe('SOURCE_UNPACK_FAILED');
    }
  });

  it('gives bytes or an OsiError, whatever was done to it', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(PACKED.length - 1), edits, fc.nat(), (index, places, cut) => {
        const bytes = unbase(PACKED[index]?.[2] ?? '');
        for (const [place, byte] of places) bytes[place % bytes.length] = byte;
        expect(tryToUnpack(bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % bytes.length : 0)))).toBe(
          true,
        );
      }),
      { numRuns: 400 },
    );
  });
});

describe('zstd, gzip and lz4', () => {
  const frame = zstdFrame(PLAIN.text);

  it('are undone, in several frames and members too', () => {
    expect(same(unpackBytes(frame, { most }), PLAIN.text)).toBe(true);
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2];
    const both = unpackBytes(Uint8Array.from([...frame, ...skippable, ...zstdFrame(PLAIN.noise)]), { most });
    expect(same(both, Uint8Array.from([...PLAIN.text, ...PLAIN.noise]))).toBe(true);
    expect(same(unpackBytes(gzipSync(PLAIN.text), { most }), PLAIN.text)).toBe(true);
    const lz4 = unbase(LZ4);
    const twice = unpackBytes(Uint8Array.from([...lz4, ...lz4]), { most });
    expect(same(twice, Uint8Array.from([...PLAIN.text, ...PLAIN.text]))).toBe(true);
  });

  it.each([
    ['zstd', frame],
    ['gzip', Uint8Array.from(gzipSync(new Uint8Array(1 << 22)))],
    ['lz4', unbase(LZ4)],
  ])('are stopped where they come to too much: %s', (name, packed) => {
    const { message } = failure(() => unpackBytes(packed, { most: 49_999, name: 'x' }));
    expect(message).toMatch(
      new RegExp(`^x cannot be unpacked from ${name}: it decompresses to more than 49999 bytes`),
    );
  });

  it('give bytes or an OsiError, whatever was done to them', () => {
    const packed = [frame, Uint8Array.from(gzipSync(PLAIN.code)), unbase(LZ4)];
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(2), edits, fc.nat(), (index, places, cut) => {
        const bytes = Uint8Array.from(packed[index] ?? []);
        for (const [place, byte] of places) bytes[place % Math.min(bytes.length, 64)] = byte;
        expect(tryToUnpack(bytes.subarray(0, bytes.length - (cut % 40)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is packed in another way', () => {
  it.each([
    ['bzip2', [0x42, 0x5a, 0x68, 0x39], 'unpack the file first: bunzip2 -k FILE'],
    ['lzma', [0x5d, 0, 0, 0x80], 'unpack the file first: unlzma -k FILE'],
    ['lzop', [0x89, 0x4c, 0x5a, 0x4f], 'unpack the file first: lzop -d FILE'],
    [undefined, [1, 2, 3, 4], undefined],
  ])('is named: %s', (name, head, hint) => {
    expect(findPacking(Uint8Array.from(head))).toBe(name);
    const error = failure(() => unpackBytes(Uint8Array.from(head), { most }));
    expect([error.code, error.hint]).toEqual(['PACKING_UNSUPPORTED', hint]);
  });
});

/** Whether it comes to no more than it may, or is refused by an OsiError. */
function tryToUnpack(bytes: Uint8Array): boolean {
  try {
    return unpackBytes(bytes, { most }).length <= most;
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return true;
  }
}
