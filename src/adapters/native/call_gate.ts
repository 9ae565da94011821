/**
 * Lets a few calls run at once and the rest wait in order: Deno's thread pool is shared with file I/O, which must not
 * wait behind decryption, and more calls than cores finish no sooner.
 */
export class CallGate {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(readonly limit: number) {}

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running === this.limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  /** Resolves when no call is running or waiting. */
  async idle(): Promise<void> {
    if (this.#running > 0) await (this.#idle ??= Promise.withResolvers()).promise;
  }

  /** Hands the place to the next in line, if there is one. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) return next();
    this.#running--;
    if (this.#running === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }
}
