import { type LeftOut, readSections } from '@osi-linux/test-fixtures/layout-guest';
import { readOldKernelsConf } from '@osi-linux/test-fixtures/old-kernels';
import { describe, expect, it } from 'vitest';
import { itListsWhatWasLaidOut } from './laid-out-listings';

const kconf = readOldKernelsConf();
const sections = readSections(kconf);

const OF_3_2: readonly LeftOut[] = ['namespaces', 'IP sockets', 'log', 'ids'];

/** The parts that a section has no keys for: by the age of its kernel, or by that of the module that printed it. */
const LEFT_OUT: Readonly<Record<string, readonly LeftOut[]>> = {
  '2.6.32.69-i386': ['namespaces'],
  '3.2.71-i386': ['namespaces'],
  '3.10.99-amd64': [],
  '3.10.0-1160-amd64': [],
  '4.4.155-amd64': [],
  '4.15.18-amd64': [],
  '5.4.286-amd64': [],
  '2.6.32-i386': ['anonymous inodes', ...OF_3_2],
  '3.2-i386': OF_3_2,
  '3.2-i386-pae': OF_3_2,
  '3.2-amd64': OF_3_2,
  '3.10-amd64': ['IP sockets', 'ids'],
  '4.4-amd64': ['ids'],
  '4.15-amd64': ['ids'],
  '4.19-amd64': ['ids'],
};

describe.each(sections.map((keys) => [keys.group, keys] as const))('a guest of [%s]', (group, keys) => {
  itListsWhatWasLaidOut(keys, kconf, LEFT_OUT[group] ?? []);
});

describe('the sections', () => {
  it('are those of which the left out parts are known', () => {
    expect(sections.map(({ group }) => group).sort()).toEqual(Object.keys(LEFT_OUT).sort());
  });
});
