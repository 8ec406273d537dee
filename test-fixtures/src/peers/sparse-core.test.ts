import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openGuestFile } from '@osi-linux/guest/node';
import { expect, it } from 'vitest';
import { writeSparseCore } from './sparse-core';

const recorded = fileURLToPath(new URL('../../recorded/debian-12-amd64/', import.meta.url));
const GIB = 2 ** 30;

it('writeSparseCore writes the same guest with a big hole, which takes no room on the disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-sparse-'));
  try {
    const core = join(recorded, 'guest.elf');
    const big = join(folder, 'big.elf');
    await writeSparseCore(core, big, 64 * GIB);
    expect(statSync(big).size).toBeGreaterThan(64 * GIB);
    expect(statSync(big).blocks * 512).toBeLessThan(statSync(core).size + 2 ** 20);
    const [small, sparse] = [core, big].map((path) =>
      openGuestFile(path, { kconfFile: join(recorded, 'kernelinfo.conf') }),
    );
    const extra = { start: 4 * GIB, end: 68 * GIB };
    expect(sparse?.dump.memory.ranges).toEqual([...(small?.dump.memory.ranges ?? []), extra]);
    expect(sparse?.dump.memory.page((60 * GIB) / 4096)?.bytes).toEqual(new Uint8Array(4096));
    expect(sparse?.dump.cpus).toEqual(small?.dump.cpus);
    expect(sparse?.osi.getProcesses()).toEqual(small?.osi.getProcesses());
    for (const guest of [small, sparse]) guest?.dump.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
