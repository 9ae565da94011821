/** Where a command writes: results to stdout, everything else to stderr. The text brings its own newlines. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
}
