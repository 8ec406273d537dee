/** A path in words. */
export interface PathText {
  /** What the kernel's own links say: `/tmp/x (deleted)`, `pipe:[4711]`. */
  readonly text: string;
  /** Whether the kernel put ` (deleted)` behind the name, which may also be a name that ends so. */
  readonly deleted: boolean;
}
