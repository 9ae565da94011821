/** The calls that are being answered, so that a stop can wait for them. */
export class CallsInFlight {
  readonly #calls = new Set<Promise<void>>();
  #draining = false;

  /**
   * Counts a call until `completed` settles, when its answer has been handed over or its client has gone.
   *
   * @returns false, counting nothing, once a drain has begun.
   */
  begin(completed: Promise<void>): boolean {
    if (this.#draining) return false;
    const call = completed.catch(() => {}).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
    return true;
  }

  /** Takes no more calls; resolves to true as soon as none is left, to false if the time is over before. */
  async drain(milliseconds: number): Promise<boolean> {
    this.#draining = true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), milliseconds);
    try {
      return await Promise.race([Promise.all(this.#calls).then(() => true), promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
