import { messageOf, VaultError } from "#errors/mod.ts";
import type { LockoutRecord, LockoutStore } from "#ports/lockout_store.ts";
import { removeStaged, stageFile, syncDirectory } from "./atomic_write.ts";
import { dirname } from "node:path";

/** As many addresses as a lockout remembers, twice, with some hundred bytes each. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Lockouts in one JSON file, which is replaced as a whole with each save. */
export class LockoutsFile implements LockoutStore {
  /** By address. */
  #records = new Map<string, LockoutRecord>();

  constructor(readonly path: string) {}

  /** @throws {VaultError} FAILED_PRECONDITION when the file is there and cannot be read. */
  async load(): Promise<readonly LockoutRecord[]> {
    await removeStaged(this.path);
    const text = await this.#read();
    const records = text === undefined ? [] : recordsOf(text);
    if (!records) {
      throw new VaultError("FAILED_PRECONDITION", `${this.path} is damaged: remove it to forget all lockouts`);
    }
    this.#records = new Map(records.map((record) => [record.address, record]));
    return records;
  }

  async save(records: readonly LockoutRecord[], removed: readonly string[]): Promise<void> {
    const next = new Map(this.#records);
    for (const address of removed) next.delete(address);
    for (const record of records) next.set(record.address, record);
    const staged = await stageFile(this.path, `${JSON.stringify([...next.values()])}\n`);
    try {
      await staged.commit();
    } finally {
      await staged.discard();
    }
    await syncDirectory(dirname(this.path));
    this.#records = next;
  }

  async #read(): Promise<string | undefined> {
    try {
      const { size } = await Deno.stat(this.path);
      return size > MAX_BYTES ? "" : await Deno.readTextFile(this.path);
    } catch (reason) {
      if (reason instanceof Deno.errors.NotFound) return undefined;
      throw new VaultError("FAILED_PRECONDITION", `read ${this.path}: ${messageOf(reason)}`);
    }
  }
}

/** Undefined for what this program did not write. */
function recordsOf(text: string): LockoutRecord[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isRecord) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is LockoutRecord {
  const { address, failures, windowStartedAt, lockedUntil } = Object(value) as Record<string, unknown>;
  return typeof address === "string" && [failures, windowStartedAt].every(Number.isFinite) &&
    (lockedUntil === null || Number.isFinite(lockedUntil));
}
