import { messageOf } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";

/** Something that can be read again while the daemon serves. */
export interface Reloader {
  /** As the log names it, e.g. `certificate`. */
  readonly name: string;
  /** @throws When what is there now is of no use: the old one stays in force. */
  reload(): Promise<void>;
}

/**
 * Reads everything again when SIGHUP comes: one after another, and never two rounds at once.
 *
 * @param notify Told before and after a round.
 */
export class ReloadOnSignal implements Disposable {
  #running: Promise<void> = Promise.resolve();
  readonly #onSignal = () => void this.reloadAll();

  constructor(
    readonly reloaders: readonly Reloader[],
    readonly log: Log,
    readonly notify: { reloading(): void; ready(): void } = { reloading() {}, ready() {} },
  ) {
    Deno.addSignalListener("SIGHUP", this.#onSignal);
  }

  reloadAll(): Promise<void> {
    return this.#running = this.#running.then(async () => {
      this.notify.reloading();
      for (const reloader of this.reloaders) await this.#reload(reloader);
      this.notify.ready();
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGHUP", this.#onSignal);
  }

  async #reload({ name, reload }: Reloader): Promise<void> {
    try {
      await reload();
      this.log("info", `reloaded: ${name}`);
    } catch (reason) {
      this.log("error", `not reloaded: ${name}: ${messageOf(reason)}; the old one stays in force`);
    }
  }
}
