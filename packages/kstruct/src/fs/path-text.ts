/** A path in words. */
export interface PathText {
  /** The text of the kernel's own links: `/tmp/x (deleted)`, `pipe:[4711]`. */
  readonly text: string;
  /** Whether the kernel put ` (deleted)` behind the name, which may also be a name that ends so. */
  readonly deleted: boolean;
  /**
   * Length of the text in bytes, if reading a link of `/proc` refuses it with `ENAMETOOLONG`: 4096 or more. Absent for
   * every shorter path.
   */
  readonly longBytes?: number;
}
