/** What an example may read: a recorded guest's files, as bytes, so that it runs in a browser as well. */
export interface ExampleFiles {
  /** An ELF dump of a Debian 12 guest. */
  readonly dump: Uint8Array;
  /** The kernelinfo.conf of that boot. */
  readonly kconf: Uint8Array;
  /** Its kernel log, with the module's KERNELINFO block. */
  readonly log: string;
  /** The folder that has them, as `guest.elf` and `kernelinfo.conf`; of use in Node alone. */
  readonly folder: string;
}
