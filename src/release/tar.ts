import { TAR_END, tarHeader, tarPadding } from "#adapters/archive/tar_format.ts";

/** A regular file of an archive. */
export interface TarEntry {
  /** Relative, with slashes; at most 100 bytes, or 255 where a slash lets the first 155 be split off. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** The same entries give the same bytes on every machine, whatever tar is installed there. */
export function tarGz(entries: readonly TarEntry[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const blocks = function* (): Generator<Uint8Array<ArrayBuffer>> {
    for (const { path, mode, content } of entries) {
      yield tarHeader({ path, mode, size: content.length });
      yield content;
      yield tarPadding(content.length);
    }
    yield TAR_END;
  };
  return ReadableStream.from(blocks()).pipeThrough(new CompressionStream("gzip"));
}
