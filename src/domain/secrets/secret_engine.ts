import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Sealer } from "#ports/sealer.ts";
import type { SecretAddress, SecretRecord, SecretStore, VersionSummary } from "#ports/secret_store.ts";
import { type RandomBytes, systemRandom } from "#ports/random.ts";
import { resourceOf } from "./address.ts";
import { Decoy } from "./decoy.ts";
import { OpenedSecret, OpenedSecrets } from "./opened_secret.ts";
import { Projects } from "./projects.ts";
import { secretNotFound } from "./refusals.ts";
import type {
  CreateSecret,
  ListSecrets,
  RotateOptions,
  SecretPage,
  UpdateSecret,
  Verdict,
  WriteOptions,
} from "./requests.ts";
import { unixSeconds } from "./schedule.ts";
import { SealedValues } from "./sealed_values.ts";
import { listSecrets } from "./secret_list.ts";
import { SecretWriter } from "./secret_writer.ts";
import { checkBatch } from "./validate.ts";
import { indexOfEqual } from "./verify.ts";

export interface SecretEnginePorts {
  readonly store: SecretStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random?: RandomBytes;
}

export interface SecretEngineOptions {
  /** `secrets.keep_versions`: how many versions stay readable, the current one included. */
  readonly keepVersions?: number;
}

/** `secrets.keep_versions` where the configuration is silent. */
export const KEEP_VERSIONS = 10;

/**
 * The team's secrets: versions with grace and history, generated values, rotation. Rules and texts: contract
 * decisions.md 3 over secrets.md A.4 to A.9. It authorises nobody; `actor` only goes into the records.
 *
 * Buffers that are passed in stay the caller's, who wipes them once the call has settled and does not change them
 * before; values that come out are the caller's too, who disposes of them. Everything in between is wiped here.
 *
 * Writes to one secret are done one after another. A promise of a write resolves once it is durable. Codes thrown, all
 * as VaultError: INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, ABORTED (the secret is no longer at the expected version),
 * DATA_LOSS (this record is damaged), UNAVAILABLE (no data key can be had), INTERNAL (the store failed).
 */
export class SecretEngine {
  readonly projects: Projects;
  readonly #store: SecretStore;
  readonly #clock: Clock;
  readonly #values: SealedValues;
  readonly #writer: SecretWriter;
  readonly #decoy: Decoy;
  readonly #keepVersions: number;

  constructor(ports: SecretEnginePorts, { keepVersions = KEEP_VERSIONS }: SecretEngineOptions = {}) {
    const { store, sealer, clock, random = systemRandom } = ports;
    this.projects = new Projects(store, clock);
    this.#store = store;
    this.#clock = clock;
    this.#values = new SealedValues(sealer);
    this.#writer = new SecretWriter({ store, values: this.#values, clock, random }, keepVersions);
    this.#decoy = new Decoy(sealer, random);
    this.#keepVersions = keepVersions;
  }

  /** Makes version 1, and the project when there is none of that name; a value that is not given is generated. */
  create(address: SecretAddress, request: CreateSecret, actor: string): Promise<OpenedSecret> {
    return this.#writer.create(address, request, actor);
  }

  /** @param version The current one without; NOT_FOUND for one that is beyond those kept. */
  async get(address: SecretAddress, version?: number): Promise<OpenedSecret> {
    const read = await this.#store.readVersion(address, version);
    if (!read) throw secretNotFound(address);
    if (!read.version || read.version.version <= read.secret.currentVersion - this.#keepVersions) {
      throw new VaultError("NOT_FOUND", `Secret '${resourceOf(address)}' has no version ${version}`);
    }
    return await this.#values.openSecret(read.secret, read.version);
  }

  /** In the order asked for, duplicates repeated; those that do not exist are left out. One failure fails all. */
  async getMany(addresses: readonly SecretAddress[]): Promise<OpenedSecrets> {
    checkBatch(addresses.length);
    const opened: OpenedSecret[] = [];
    try {
      for (const address of addresses) {
        const read = await this.#store.readVersion(address);
        if (read) opened.push(await this.#values.openSecret(read.secret, read.version!));
      }
      return new OpenedSecrets(opened);
    } catch (reason) {
      new OpenedSecrets(opened)[Symbol.dispose]();
      throw reason;
    }
  }

  /** The record without the value. */
  async describe(address: SecretAddress): Promise<SecretRecord> {
    const secret = await this.#store.findSecret(address);
    if (!secret) throw secretNotFound(address);
    return secret;
  }

  list(query: ListSecrets = {}): Promise<SecretPage> {
    return listSecrets(this.#store, query);
  }

  /** Those that get() can read, newest first. */
  async versions(address: SecretAddress): Promise<VersionSummary[]> {
    const versions = await this.#store.listVersions(address);
    if (!versions) throw secretNotFound(address);
    return versions.slice(0, this.#keepVersions);
  }

  /** What is not given stays. Material makes a new version, for which the grace before this change counts. */
  update(address: SecretAddress, change: UpdateSecret, actor: string): Promise<SecretRecord> {
    return this.#writer.update(address, change, actor);
  }

  /** Another generated value for an automatic secret; a username stays. */
  rotate(address: SecretAddress, actor: string, options: RotateOptions = {}): Promise<OpenedSecret> {
    return this.#writer.rotate(address, actor, options);
  }

  /** With all its versions; a secret of that name made later begins at version 1. */
  delete(address: SecretAddress, options: WriteOptions = {}): Promise<void> {
    return this.#writer.delete(address, options);
  }

  /**
   * Whether a value (of a userpass secret: the password) is that of the current version or of one in grace. Takes the same
   * work however many versions are live, whichever of them matches, and for a secret that does not exist.
   *
   * @param address Undefined for a name that no secret can have.
   */
  async verify(address: SecretAddress | undefined, value: Uint8Array): Promise<Verdict> {
    const live = address && await this.#store.readLive(address, unixSeconds(this.#clock.now()));
    const candidates = live?.versions.map((version) => () => this.#values.openProof(live.secret, version)) ?? [];
    const found = await indexOfEqual(candidates, candidates[0] ?? (() => this.#decoy.open()), value);
    return found < 0 ? { valid: false, version: null } : { valid: true, version: live!.versions[found].version };
  }
}
