import { VaultError } from "#errors/mod.ts";

/** How long a service that answered none of a call's attempts is not asked again. */
export const RESPITE_MS = 5_000;

/**
 * Remembers that the service does not answer: each call would else wait for all of its own attempts, twenty seconds and
 * more, and hold its caller, the writes behind it and a stop of the vault for as long.
 */
export class Outage {
  #until: number | undefined;

  /** @param now Monotonic, milliseconds. */
  constructor(readonly now: () => number) {}

  /** Lets an attempt pass, during an outage one in 5 s. @throws {VaultError} UNAVAILABLE for all others. */
  enter(): void {
    const now = this.now();
    if (this.#until === undefined) return;
    if (now < this.#until) {
      const seconds = Math.ceil((this.#until - now) / 1000);
      throw new VaultError("UNAVAILABLE", `AWS KMS did not answer of late and is asked again in ${seconds} s`);
    }
    this.begin(); // this one finds out for the others
  }

  begin(): void {
    this.#until = this.now() + RESPITE_MS;
  }

  /** The service has answered, whatever it said. */
  end(): void {
    this.#until = undefined;
  }
}
