/**
 * Snapshots that are made durable in groups.
 *
 * A change is seen in memory at once; its promise resolves when a saved snapshot contains it. While one save runs, all
 * later changes wait for the next, which covers them together. When a save fails, memory returns to the last durable
 * snapshot and every change made since rejects, since each was built on what has just been taken back.
 */
export class GroupCommit<T> {
  readonly #save: (snapshot: T) => Promise<void>;
  readonly #afterRollback: (durable: T, reason: unknown) => Error;
  #current: T;
  #durable: T;
  #waiting: PromiseWithResolvers<void>[] = [];
  #running: Promise<void> | undefined;

  /**
   * @param durable What is on disk already.
   * @param afterRollback Runs before any change rejects and must not throw; gives the error that they reject with.
   */
  constructor(
    durable: T,
    save: (snapshot: T) => Promise<void>,
    afterRollback: (durable: T, reason: unknown) => Error,
  ) {
    this.#current = this.#durable = durable;
    this.#save = save;
    this.#afterRollback = afterRollback;
  }

  get current(): T {
    return this.#current;
  }

  /** The last snapshot that was saved. */
  get durable(): T {
    return this.#durable;
  }

  /** Makes `next` the current snapshot; `next` must be built from `current` with no await in between. */
  commit(next: T): Promise<void> {
    this.#current = next;
    const change = Promise.withResolvers<void>();
    this.#waiting.push(change);
    this.#running ??= this.#run();
    return change.promise;
  }

  /** Resolves, and never rejects, when no change waits to be saved. */
  async flush(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // changes of the same turn share the first save
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const snapshot = this.#current;
      try {
        await this.#save(snapshot);
        this.#durable = snapshot;
        for (const change of group) change.resolve();
      } catch (reason) {
        this.#rollBack(group, reason);
      }
    }
    // In the same turn as the last look at the queue: a change that comes later must start a run of its own.
    this.#running = undefined;
  }

  #rollBack(group: PromiseWithResolvers<void>[], reason: unknown): void {
    const lost = [...group, ...this.#waiting];
    this.#waiting = [];
    this.#current = this.#durable;
    const error = this.#afterRollback(this.#durable, reason);
    for (const change of lost) change.reject(error);
  }
}
