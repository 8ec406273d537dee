import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { parsePluginArguments } from './plugin-arguments';

function failure(run: () => unknown): OsiError {
  try {
    run();
  } catch (error) {
    if (OsiError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const defaults = {
  kconfFile: 'kernelinfo.conf',
  kconfFileFrom: 'default',
  kconfGroup: 'debian-3.2.65-i686',
  kconfGroupFrom: 'default',
  loadNow: false,
  pagewalk: false,
};

describe('the arguments of osi_linux', () => {
  it.each(['', 'osi_linux', 'osi_linux:', ' osi_linux\n', undefined, {}])(
    'of %j are the defaults',
    (given) => {
      expect(parsePluginArguments(given)).toEqual(defaults);
    },
  );

  it("are read as the seed document's example writes them", () => {
    const text = 'osi_linux:kconf_file=kernelinfo.conf,kconf_group=my_kernel_info';
    expect(parsePluginArguments(text)).toEqual({
      ...defaults,
      kconfFileFrom: 'kconf_file',
      kconfGroup: 'my_kernel_info',
      kconfGroupFrom: 'kconf_group',
    });
  });

  it('are read in full, with a colon and an equals sign in a value', () => {
    const text = 'osi_linux:kconf_file=a=b.conf,kconf_group=ubuntu:4.15.0-72-generic:64,load_now,pagewalk=on';
    const expected = {
      kconfFile: 'a=b.conf',
      kconfFileFrom: 'kconf_file',
      kconfGroup: 'ubuntu:4.15.0-72-generic:64',
      kconfGroupFrom: 'kconf_group',
      loadNow: true,
      pagewalk: true,
    };
    expect(parsePluginArguments(text)).toEqual(expected);
    const { kconfFile: kconf_file, kconfGroup: kconf_group } = expected;
    expect(parsePluginArguments({ kconf_file, kconf_group, load_now: true, pagewalk: true })).toEqual(
      expected,
    );
  });

  it('are the first of two', () => {
    expect(parsePluginArguments('osi_linux:pagewalk=no,pagewalk=yes').pagewalk).toBe(false);
  });

  it('that are undefined in an object are not given', () => {
    expect(parsePluginArguments({ kconf_file: undefined })).toEqual(defaults);
  });

  it.each([
    ['y', true],
    ['Yes', true],
    ['TRUE', true],
    ['1', true],
    ['n', false],
    ['no', false],
    ['False', false],
    ['0', false],
    ['off', false],
  ])('of a flag may be %s', (word, expected) => {
    expect(parsePluginArguments(`osi_linux:load_now=${word}`).loadNow).toBe(expected);
  });
});

describe('-os', () => {
  it.each([
    ['linux-64-ubuntu:4.15.0-72-generic', 'ubuntu:4.15.0-72-generic:64'],
    ['linux_32_debian:3.2.0-4-686-pae', 'debian:3.2.0-4-686-pae:32'],
    ['linux-64_a-b_c', 'a-b_c:64'],
  ])('%s names the group', (os, kconfGroup) => {
    expect(parsePluginArguments('', os)).toEqual({ ...defaults, kconfGroup, kconfGroupFrom: '-os' });
  });

  it('yields to kconf_group, which is taken as it is', () => {
    const { kconfGroup } = parsePluginArguments({ kconf_group: 'mine' }, 'linux-64-ubuntu:4.15');
    expect(kconfGroup).toBe('mine');
  });

  it.each(['linux', 'linux-16-x', 'windows-32-7', 'linux-64-', 'xlinux-64-y'])('cannot be %s', (os) => {
    expect(failure(() => parsePluginArguments('', os))).toMatchObject({
      code: 'PLUGIN_ARGUMENT_INVALID',
      fields: { argument: '-os', received: os },
    });
  });
});

describe('a mistake', () => {
  it.each([
    ['kconf_gruop', 'kconf_group'],
    ['kconffile', 'kconf_file'],
    ['page_walk', 'pagewalk'],
    ['loadnow', 'load_now'],
    ['x'.repeat(1_000_000), undefined],
  ])('in a name is named, with the nearest', (name, nearest) => {
    const error = failure(() => parsePluginArguments(`osi_linux:${name}=x`));
    expect(error).toMatchObject({ code: 'PLUGIN_ARGUMENT_UNKNOWN', fields: { argument: name } });
    if (nearest !== undefined) expect(error.hint).toContain(`did you mean ${nearest}?`);
  });

  it.each([
    ['osi_linux:pagewalk=maybe', /pagewalk is "maybe", expected yes/],
    ['osi_linux:pagewalk=toString', /pagewalk is "toString"/],
    ['osi_linux:kconf_file=', /kconf_file is "", expected a text/],
    ['osi_linux:kconf_group', /kconf_group is "", expected a text/],
    ['osi:disable-autoload', /plugin osi, expected osi_linux/],
    ['kconf_file=x', /plugin kconf_file=x, expected/],
  ])('in a value is named: %s', (text, expected) => {
    const error = failure(() => parsePluginArguments(text));
    expect(error.code).toBe('PLUGIN_ARGUMENT_INVALID');
    expect(error.message).toMatch(expected);
  });

  it('in an object is found as well', () => {
    expect(failure(() => parsePluginArguments({ kconf_file: 5 } as never)).message).toMatch(
      /kconf_file is 5/,
    );
    expect(failure(() => parsePluginArguments({ kconfFile: 'x' } as never)).hint).toMatch(/kconf_file\?/);
  });
});
