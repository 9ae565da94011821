const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Keeps Ctrl-C and SIGTERM from ending the process in the midst of a step, and tells that one of them came. */
export class Interruption implements Disposable {
  #isAsked = false;
  readonly #onSignal = () => {
    this.#isAsked = true;
  };

  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onSignal);
  }

  /** Whether somebody wants the work to end. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#onSignal);
  }
}
