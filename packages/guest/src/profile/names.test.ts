import { describe, expect, it } from 'vitest';
import { namedProfile } from './names';

const TEXT = 'osi_linux:kconf_file=my.conf,kconf_group=my_kernel_info';

describe('the names of a profile', () => {
  it.each([
    ['nothing', {}, undefined, undefined],
    ['a text', { plugin: TEXT }, 'my.conf', 'my_kernel_info'],
    ['an object', { plugin: { kconf_file: 'my.conf' } }, 'my.conf', undefined],
    [
      "the default file's name, as it is",
      { plugin: 'osi_linux:kconf_file=kernelinfo.conf' },
      'kernelinfo.conf',
      undefined,
    ],
    ['other arguments', { plugin: 'osi_linux:load_now,pagewalk=yes' }, undefined, undefined],
    ['-os', { os: 'linux-64-ubuntu:4.15.0-72-generic' }, undefined, 'ubuntu:4.15.0-72-generic:64'],
    ['-os and a group', { plugin: TEXT, os: 'linux-32-other' }, 'my.conf', 'my_kernel_info'],
    ['both ways', { plugin: TEXT, kconfFile: 'a.conf', kconfGroup: 'b' }, 'a.conf', 'b'],
  ])('of %s', (_, names, kconfFile, kconfGroup) => {
    expect(namedProfile(names)).toEqual({ kconfFile, kconfGroup });
  });

  it('that are wrong are refused, also where they are not needed', () => {
    const names = { kconfFile: 'a.conf', kconfGroup: 'b', plugin: 'osi_linux:kconf_gruop=x' };
    expect(() => namedProfile(names)).toThrow(/no argument "kconf_gruop"/);
  });
});
