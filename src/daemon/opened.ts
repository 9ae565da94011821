type Close = () => void | Promise<void>;

/** What was opened, to be closed in the reverse order; one failure does not keep the others open. */
export class Opened {
  readonly #closers: Close[] = [];

  add<T>(part: T, close: (part: T) => void | Promise<void>): T {
    this.#closers.push(() => close(part));
    return part;
  }

  /** @throws The first failure, once all the rest is closed. Closing again does nothing. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (reason) {
        failures.push(reason);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
