/** Hands lines to `append` in order, those that wait together in one call. */
export class LineWriter {
  #queue: string[] = [];
  #flush: Promise<void> | undefined;

  /** @param append Writes complete lines; rejects when any of them may be missing. */
  constructor(readonly append: (text: string) => Promise<void>) {}

  /** Resolves when the line is written. */
  write(line: string): Promise<void> {
    this.#queue.push(`${line}\n`);
    return this.#flush ??= this.#start();
  }

  async #start(): Promise<void> {
    await this.#last;
    const lines = this.#queue.join("");
    this.#queue = [];
    this.#flush = undefined;
    const appended = this.append(lines);
    this.#last = appended.catch(() => {});
    await appended;
  }

  #last: Promise<void> = Promise.resolve();

  /** Resolves when all that was handed over is written or refused. */
  async drain(): Promise<void> {
    await this.#flush?.catch(() => {});
    await this.#last;
  }
}
