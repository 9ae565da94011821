/** Most keys that wait for a store which cannot be written. */
const MAX_PENDING = 131_072;

/**
 * Writes changes to a store in the background, one batch at a time; what comes meanwhile waits for the next. What could
 * not be written waits for the next change, or for flush().
 */
export class WriteBehind<R> {
  readonly #save: (records: R[], removed: string[]) => Promise<void>;
  readonly #warn: (reason: unknown) => void;
  /** By key; undefined: to be removed. */
  #pending = new Map<string, R | undefined>();
  #last: Promise<void> = Promise.resolve();
  #isScheduled = false;

  constructor(save: (records: R[], removed: string[]) => Promise<void>, warn: (reason: unknown) => void) {
    this.#save = save;
    this.#warn = warn;
  }

  put(key: string, record: R): void {
    this.#change(key, record);
  }

  remove(key: string): void {
    this.#change(key, undefined);
  }

  /** Resolves when all changes are written. @throws What save() throws; they go on waiting then. */
  flush(): Promise<void> {
    const written = this.#last.then(() => this.#write());
    this.#last = written.catch(() => {});
    return written;
  }

  #change(key: string, record: R | undefined): void {
    this.#pending.set(key, record);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#last = this.#last.then(() => this.#write()).catch(this.#warn);
  }

  async #write(): Promise<void> {
    const batch = this.#pending;
    this.#pending = new Map();
    this.#isScheduled = false;
    if (batch.size === 0) return;
    try {
      await this.#save(
        [...batch.values()].filter((record) => record !== undefined),
        [...batch].flatMap(([key, record]) => record === undefined ? [key] : []),
      );
    } catch (reason) {
      this.#pending = new Map([...batch, ...this.#pending].slice(-MAX_PENDING));
      throw reason;
    }
  }
}
