import { ByteReader } from "./byte_reader.ts";
import { readTarHeader, TAR_BLOCK, type TarHeader, tarPadding } from "./tar_format.ts";

/** A file of an archive that is being read; its content has to be taken before the next file is asked for. */
export interface TarFile extends TarHeader {
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The files of a tar archive, one after the other; memory stays at one chunk of the stream.
 *
 * @throws {Error} when it is no archive of files alone, is cut off, or goes on after its end.
 */
export async function* readTar(stream: ReadableStream<Uint8Array>): AsyncGenerator<TarFile, void> {
  const reader = new ByteReader(stream);
  try {
    for (;;) {
      const header = readTarHeader(await reader.exactly(TAR_BLOCK));
      if (!header) break;
      const content = reader.chunks(header.size);
      yield { ...header, content };
      for await (const _ of content); // what was not taken
      await reader.exactly(tarPadding(header.size).length);
    }
    for await (const chunk of reader.rest()) {
      if (chunk.some((byte) => byte !== 0)) throw new Error("the archive goes on after its end");
    }
  } finally {
    await reader.cancel();
  }
}
