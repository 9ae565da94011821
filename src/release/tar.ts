/** A regular file of an archive. */
export interface TarEntry {
  /** Relative, with slashes; at most 100 bytes, or 255 where a slash lets the first 155 be split off. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array<ArrayBuffer>;
}

const BLOCK = 512;
const END = new Uint8Array(2 * BLOCK);
const encoder = new TextEncoder();

/**
 * The same entries give the same bytes on every machine, whatever tar is installed there: root owns all, the clock is at
 * zero. Format: POSIX.1-1988 ustar.
 */
export function tarGz(entries: readonly TarEntry[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const blocks = function* (): Generator<Uint8Array<ArrayBuffer>> {
    for (const entry of entries) {
      yield header(entry);
      yield entry.content;
      yield new Uint8Array((BLOCK - entry.content.length % BLOCK) % BLOCK);
    }
    yield END;
  };
  return ReadableStream.from(blocks()).pipeThrough(new CompressionStream("gzip"));
}

/** @throws {Error} for a path that does not fit. */
function header({ path, mode, content }: TarEntry): Uint8Array<ArrayBuffer> {
  const { prefix, name } = splitPath(path);
  const block = new Uint8Array(BLOCK);
  const put = (text: string, offset: number) => block.set(encoder.encode(text), offset);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  put(name, 0);
  put(octal(mode, 7), 100);
  put(octal(0, 7), 108); // owner
  put(octal(0, 7), 116); // group
  put(octal(content.length, 11), 124);
  put(octal(0, 11), 136); // time of change
  put(" ".repeat(8), 148); // the checksum counts as blanks in itself
  put("0", 156); // a regular file
  put("ustar\0" + "00", 257);
  put(prefix, 345);
  put(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function splitPath(path: string): { prefix: string; name: string } {
  const length = (text: string) => encoder.encode(text).length;
  if (length(path) <= 100) return { prefix: "", name: path };
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const prefix = path.slice(0, slash), name = path.slice(slash + 1);
    if (length(prefix) <= 155 && length(name) <= 100) return { prefix, name };
  }
  throw new Error(`${path} is too long for a tar archive`);
}
