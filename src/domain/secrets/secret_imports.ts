import { VaultError } from "#errors/mod.ts";
import { draw, type RandomBytes, systemRandom } from "#ports/random.ts";
import { type ImportParts, SecretImport } from "./secret_import.ts";

/** What is staged stays in memory, sealed, until its owner ends it or lets this time pass. */
const IDLE_MS = 60_000;
const MAX_IMPORTS = 4;

interface Open {
  readonly staged: SecretImport;
  usedAt: number;
}

/** The imports under way, each known to whoever began it. */
export class SecretImports {
  readonly #open = new Map<string, Open>();

  constructor(readonly parts: ImportParts, readonly random: RandomBytes = systemRandom) {}

  /** @returns Its id. @throws {VaultError} FAILED_PRECONDITION when too many are under way. */
  begin(): string {
    const now = this.parts.clock.monotonic();
    for (const [id, { usedAt }] of this.#open) {
      if (now - usedAt > IDLE_MS) this.#open.delete(id);
    }
    if (this.#open.size >= MAX_IMPORTS) {
      throw new VaultError(
        "FAILED_PRECONDITION",
        `${MAX_IMPORTS} imports are under way: one that was interrupted ends after ${IDLE_MS / 1000} s, try again then`,
      );
    }
    const id = draw(this.random, 16).toHex();
    this.#open.set(id, { staged: new SecretImport(this.parts), usedAt: now });
    return id;
  }

  /** @throws {VaultError} NOT_FOUND. */
  get(id: string): SecretImport {
    const open = this.#open.get(id);
    if (!open) throw new VaultError("NOT_FOUND", "there is no such import: it was interrupted; begin again");
    open.usedAt = this.parts.clock.monotonic();
    return open.staged;
  }

  /** Forgets what is staged. */
  end(id: string): void {
    this.#open.delete(id);
  }
}
