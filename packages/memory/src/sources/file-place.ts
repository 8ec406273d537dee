/** Where a file keeps something, in bytes. */
export interface FilePlace {
  readonly offset: number;
  readonly size: number;
}
