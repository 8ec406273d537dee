import { type PluginOptions, parsePluginArguments } from '@osi-linux/osi-linux';

/** The names of a guest's profile, in this project's way or in PANDA's; the former goes before. */
export interface ProfileNames {
  /** The key file, taken as it is; in messages alone where its content is given. */
  readonly kconfFile?: string | undefined;
  /** The group to use. Default: the one that fits the dump. */
  readonly kconfGroup?: string | undefined;
  /**
   * The arguments of PANDA's plugin osi_linux, as an object or as the text behind `-panda`.
   *
   * Without `kconf_group` the group that fits is taken, and not PANDA's default. `load_now` and `pagewalk` are read and
   * change nothing: the profile is compared with the dump at once, each call asks by itself whether the guest
   * is ready, and page tables are always walked.
   */
  readonly plugin?: string | PluginOptions | undefined;
  /** PANDA's `-os`: `linux-64-ubuntu:4.15.0-72-generic` names the group `ubuntu:4.15.0-72-generic:64`. */
  readonly os?: string | undefined;
}

/** File and group that are named; `undefined` if they are left open. */
export function namedProfile(names: ProfileNames): {
  readonly kconfFile: string | undefined;
  readonly kconfGroup: string | undefined;
} {
  const given = parsePluginArguments(names.plugin, names.os);
  const file = given.kconfFileFrom === 'default' ? undefined : given.kconfFile;
  const group = given.kconfGroupFrom === 'default' ? undefined : given.kconfGroup;
  return { kconfFile: names.kconfFile ?? file, kconfGroup: names.kconfGroup ?? group };
}
