import { describe, expect, it } from 'vitest';
import { parsePrintedUris } from './private-apt';

describe('parsePrintedUris', () => {
  it('takes the name up to the version, and nothing from other lines', () => {
    const text = [
      'Reading package lists...',
      "'http://m/pool/g/gcc_4%3a12_amd64.deb' gcc_4%3a12_amd64.deb 1234 SHA256:aa",
      "'http://m/pool/l/linux-image.deb' linux-image-6.1.0-1-amd64_6.1.1-1_amd64.deb 5 MD5Sum:bb",
      "'http://m/dists/InRelease' m_InRelease 5",
    ].join('\n');
    expect(parsePrintedUris(text)).toEqual([
      { name: 'gcc', file: 'gcc_4%3a12_amd64.deb' },
      { name: 'linux-image-6.1.0-1-amd64', file: 'linux-image-6.1.0-1-amd64_6.1.1-1_amd64.deb' },
    ]);
  });
});
