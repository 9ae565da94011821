/** A stream of bytes, taken in portions of any size. */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #left: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** @throws {Error} when the stream ends before. */
  async exactly(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    let filled = 0;
    for await (const chunk of this.chunks(count)) {
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    return bytes;
  }

  /** The next `count` bytes as they come. */
  async *chunks(count: number): AsyncGenerator<Uint8Array, void> {
    for (let missing = count; missing > 0;) {
      if (this.#left.length === 0 && !await this.#fill()) throw new Error("the archive is cut off");
      const chunk = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(chunk.length);
      missing -= chunk.length;
      yield chunk;
    }
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Uint8Array, void> {
    do yield this.#left; while (await this.#fill());
  }

  /** Lets the source end; harmless when it has ended. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  /** @returns false at the end. */
  async #fill(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    this.#left = value ?? new Uint8Array();
    return !done;
  }
}
