import { identifyGuest, openGuest } from '@osi-linux/guest';
import { type Dump, openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import { type KernelSource, locateKernel, locateKernels } from '@osi-linux/symbols';
import { buildCrashGuest, type CrashGuest } from '@osi-linux/test-fixtures/crash-guest';
import { withoutNotes } from '@osi-linux/test-fixtures/fake-memory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// A kernel that has loaded another one, and the same after a crash: the other one runs, and both are in memory.

const METHODS: Readonly<Record<string, (dump: Dump) => KernelSource>> = {
  registers: ({ memory, cpus, machine }) => ({ memory, cpus, machine }),
  RAM: ({ memory }) => ({ memory }),
  'RAM without VMCOREINFO': ({ memory }) => ({ memory: withoutNotes(memory) }),
};

describe('a guest that has crashed', () => {
  let guest: CrashGuest;
  let dumps: { readonly loaded: Dump; readonly crashed: Dump };

  beforeAll(async () => {
    guest = await buildCrashGuest();
    const open = (path: string) => openDump(openFileSource(path));
    dumps = { loaded: open(guest.loaded), crashed: open(guest.crashed) };
  });

  afterAll(() => {
    for (const dump of Object.values(dumps)) dump.close();
  });

  it.each(Object.keys(METHODS))('had one kernel before, with the other one loaded, by %s', (method) => {
    const found = locateKernels(METHODS[method]?.(dumps.loaded) ?? dumps.loaded);
    expect(found.map(({ location, isCrashKernel }) => [location.textBase, isCrashKernel])).toEqual([
      [guest.firstText, false],
    ]);
  });

  it.each(Object.keys(METHODS))('has the one that crashed first, by %s', (method) => {
    const source = METHODS[method]?.(dumps.crashed) ?? dumps.crashed;
    const [first, second, ...more] = locateKernels(source);
    expect(first).toMatchObject({ location: { textBase: guest.firstText }, isCrashKernel: false });
    expect(first?.commandLine).toContain('crashkernel=');
    expect(second).toMatchObject({
      location: { textBase: guest.secondText },
      isCrashKernel: true,
      commandLine: guest.secondCommandLine,
    });
    expect(more).toEqual([]);
    expect(locateKernel(source)?.location.textBase).toBe(guest.firstText);
  });

  it('is read as it was when it crashed, and the other kernel is named', () => {
    const { profile, osi } = openGuest(dumps.crashed, {});
    expect(profile.from).toBe('derived');
    expect(osi.getProcesses().map(({ name }) => name)).toContain('kthreadd');
    const { findings, kaslrShift, problem } = identifyGuest(dumps.crashed, {});
    expect({ kaslrShift, problem }).toEqual({
      kaslrShift: guest.firstText - 0xffffffff81000000n,
      problem: null,
    });
    const others = findings.filter(({ what }) => what === 'another-kernel');
    expect(others).toMatchObject([
      {
        value: expect.stringContaining(`image at 0x${guest.secondText.toString(16)},`),
        evidence: expect.stringMatching(
          /^it was started to dump a crashed one: elfcorehdr= on its command line; command line "elfcorehdr=.*; banner "Linux version /,
        ),
      },
    ]);
    expect(guest.secondCommandLine).toMatch(/^elfcorehdr=0x/);
  });
});
