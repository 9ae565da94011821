import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { EnvelopeSealer, LocalKeys } from "#domain/sealing/mod.ts";
import { type OpenedSecret, SecretEngine } from "#domain/secrets/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Sealer } from "#ports/sealer.ts";
import type { SecretStore } from "#ports/secret_store.ts";

/** A clock that stands until it is set; unix seconds. */
export class StandingClock implements Clock {
  constructor(public seconds = 1000) {}

  now(): number {
    return this.seconds * 1000;
  }

  monotonic(): number {
    return this.seconds * 1000;
  }
}

export interface TestEngineOptions {
  /** In memory without. */
  readonly path?: string;
  /** On one of its own, over `path`, without. */
  readonly store?: SqliteSecretStore;
  readonly keepVersions?: number;
  /** Stands between the engine and the real sealer. */
  readonly wrapSealer?: (sealer: Sealer) => Sealer;
}

/** The engine on a real store, sealing under a local master key; all that stands in is time. */
export class TestEngine implements AsyncDisposable {
  readonly clock = new StandingClock();
  readonly keys = localKeys();
  readonly sealer: Sealer;
  readonly store: SqliteSecretStore;
  readonly engine: SecretEngine;
  readonly logged: string[] = [];

  constructor({ path = ":memory:", store, keepVersions, wrapSealer = (sealer) => sealer }: TestEngineOptions = {}) {
    this.sealer = wrapSealer(new EnvelopeSealer({ keys: this.keys }));
    this.store = store ?? new SqliteSecretStore(path);
    this.engine = this.engineOver(this.store, keepVersions);
  }

  engineOver(store: SecretStore, keepVersions?: number): SecretEngine {
    return new SecretEngine({ store, sealer: this.sealer, clock: this.clock }, { keepVersions });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await this.keys.close();
  }
}

/** Of the id `local`. */
export function testMasterKey(): Uint8Array {
  return new Uint8Array(32).fill(7);
}

export function localKeys(): LocalKeys {
  return new LocalKeys({ keyId: "local", keys: new Map([["local", testMasterKey()]]) });
}

export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The value in clear, or `username:password`; wipes the original. */
export function textOf(opened: OpenedSecret): string {
  using _ = opened;
  const { material } = opened, decode = (buffer: Uint8Array) => new TextDecoder().decode(buffer);
  return material.format === "opaque"
    ? decode(material.value)
    : `${decode(material.username)}:${decode(material.password)}`;
}

/** `CODE message` of what a call rejects with; `OK` when it resolves. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (reason) {
    const { code, message } = reason as Error & { code?: string };
    return `${code ?? "no code"} ${message}`;
  }
}
