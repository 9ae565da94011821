import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { NewSecret, SecretAddress, SecretRecord, SecretSettings, SecretStore } from "#ports/secret_store.ts";
import type { RandomBytes } from "#ports/random.ts";
import { canonicalName } from "./address.ts";
import { generatedValue } from "./generated_value.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import { firstMaterial } from "./material.ts";
import { type OpenedMaterial, OpenedSecret, wipeMaterial } from "./opened_secret.ts";
import { secretNotFound, writeConflict } from "./refusals.ts";
import type { CreateSecret, RotateOptions, UpdateSecret, WriteOptions } from "./requests.ts";
import { graceEnd, isDue, nextRotation, unixSeconds } from "./schedule.ts";
import type { SealedValues } from "./sealed_values.ts";
import type { UserPass } from "./userpass_json.ts";
import { checkCreate, checkMaterialFits, checkUpdate, hasMaterial } from "./validate.ts";

export interface WriterParts {
  readonly store: SecretStore;
  readonly values: SealedValues;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** How often a write without an expected version is made anew when another process was faster. */
const ATTEMPTS = 5;

/** What a change makes of a secret, and with which value if it is a new one. */
interface NextState {
  readonly settings: SecretSettings;
  readonly material?: OpenedMaterial;
}

interface Changed {
  readonly secret: SecretRecord;
  readonly material?: OpenedMaterial;
}

/** The engine's writes; those to one secret are done one after another, each on what the one before has left. */
export class SecretWriter {
  readonly #store: SecretStore;
  readonly #values: SealedValues;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #queue = new KeyedQueue();

  constructor({ store, values, clock, random }: WriterParts, readonly keepVersions: number) {
    this.#store = store;
    this.#values = values;
    this.#clock = clock;
    this.#random = random;
  }

  async create(address: SecretAddress, request: CreateSecret, actor: string): Promise<OpenedSecret> {
    checkCreate(request);
    const material = firstMaterial(request, this.#random);
    try {
      const secret = await this.#queue.run(canonicalName(address), async () => {
        const sealed = await this.#values.seal(address, 1, material);
        const fresh = { address, kind: request.kind, format: material.format, sealed, actor };
        return await this.#store.createSecret({ ...fresh, ...this.#firstSettings(request) });
      });
      return openedNow(secret, material);
    } catch (reason) {
      wipeMaterial(material);
      throw reason;
    }
  }

  async update(address: SecretAddress, change: UpdateSecret, actor: string): Promise<SecretRecord> {
    checkUpdate(change);
    const { secret, material } = await this.#change(address, { ...change, actor }, async (secret, now) => {
      checkMaterialFits(secret.format, change);
      const material = hasMaterial(change) ? await this.#changed(secret, change) : undefined;
      return { settings: changedSettings(secret, change, now), material };
    });
    if (material) wipeMaterial(material);
    return secret;
  }

  async rotate(
    address: SecretAddress,
    actor: string,
    { expectedVersion, onlyIfDue = false }: RotateOptions,
  ): Promise<OpenedSecret> {
    const { secret, material } = await this.#change(address, { expectedVersion, actor }, async (secret, now) => {
      if (secret.kind !== "automatic") {
        const text = "only automatic secrets can be rotated; use update for manual secrets";
        throw new VaultError("INVALID_ARGUMENT", text);
      }
      if (onlyIfDue && !isDue(secret.nextRotationAt, now)) throw writeConflict();
      const nextRotationAt = nextRotation(now, secret.rotationIntervalSeconds!);
      return { settings: { ...secret, nextRotationAt }, material: await this.#rotated(secret) };
    });
    return openedNow(secret, material!);
  }

  async delete(address: SecretAddress, { expectedVersion }: WriteOptions): Promise<void> {
    await this.#queue.run(canonicalName(address), async () => {
      const isAny = expectedVersion === undefined; // so that a damaged record can be deleted
      await this.#store.deleteSecret(address, isAny ? undefined : await this.#read(address, expectedVersion));
    });
  }

  async #change(
    address: SecretAddress,
    { expectedVersion, actor }: WriteOptions & { readonly actor: string },
    decide: (secret: SecretRecord, now: number) => Promise<NextState>,
  ): Promise<Changed> {
    return await this.#queue.run(canonicalName(address), () =>
      this.#attempt(expectedVersion, async () => {
        const at = this.#clock.now(), now = unixSeconds(at);
        const secret = await this.#read(address, expectedVersion);
        const { settings, material } = await decide(secret, now);
        try {
          const next = material && {
            sealed: await this.#values.seal(address, secret.currentVersion + 1, material),
            expiresAt: graceEnd(now, secret.graceSeconds),
            keepVersions: this.keepVersions,
          };
          return {
            secret: await this.#store.changeSecret({ secret, ...settingsOf(settings), next, at, actor }),
            material,
          };
        } catch (reason) {
          if (material) wipeMaterial(material);
          throw reason;
        }
      }));
  }

  /** Whoever expects no version does not mind that another process has written: their change comes after it. */
  async #attempt<T>(expectedVersion: number | undefined, write: () => Promise<T>): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await write();
      } catch (reason) {
        const isConflict = reason instanceof VaultError && reason.code === "ABORTED";
        if (!isConflict || expectedVersion !== undefined || attempt === ATTEMPTS) throw reason;
      }
    }
  }

  async #read(address: SecretAddress, expectedVersion: number | undefined): Promise<SecretRecord> {
    const secret = await this.#store.findSecret(address);
    if (!secret) throw secretNotFound(address);
    if (expectedVersion !== undefined && expectedVersion !== secret.currentVersion) throw writeConflict();
    return secret;
  }

  #firstSettings(request: CreateSecret): SecretSettings & Pick<NewSecret, "at"> {
    const at = this.#clock.now(), rotationIntervalSeconds = request.rotationIntervalSeconds ?? null;
    const nextRotationAt = request.kind === "automatic"
      ? nextRotation(unixSeconds(at), rotationIntervalSeconds!)
      : null;
    const { description = null, graceSeconds } = request;
    return { at, description, graceSeconds: graceSeconds ?? 0, rotationIntervalSeconds, nextRotationAt };
  }

  async #changed(secret: SecretRecord, { value, username, password }: UpdateSecret): Promise<OpenedMaterial> {
    if (secret.format === "opaque") return { format: "opaque", value: value!.slice() };
    using current = username && password ? undefined : await this.#openCurrent(secret);
    const half = (given: Uint8Array | undefined, name: keyof UserPass) => (given ?? pairOf(current!)[name]).slice();
    return { format: "userpass", username: half(username, "username"), password: half(password, "password") };
  }

  async #rotated(secret: SecretRecord): Promise<OpenedMaterial> {
    if (secret.format === "opaque") return { format: "opaque", value: generatedValue(this.#random) };
    using current = await this.#openCurrent(secret);
    const username = pairOf(current).username.slice();
    return { format: "userpass", username, password: generatedValue(this.#random) };
  }

  /** The value that belongs to the record as read. @throws {VaultError} ABORTED when it has changed meanwhile. */
  async #openCurrent(secret: SecretRecord): Promise<OpenedSecret> {
    const read = await this.#store.readVersion(secret);
    if (read?.secret.id !== secret.id || read.secret.revision !== secret.revision) throw writeConflict();
    return await this.#values.openSecret(secret, read.version!);
  }
}

function pairOf({ material }: OpenedSecret): UserPass {
  if (material.format !== "userpass") throw new VaultError("INTERNAL", "a userpass secret has no pair");
  return material;
}

function changedSettings(secret: SecretRecord, change: UpdateSecret, now: number): SecretSettings {
  const interval = change.rotationIntervalSeconds ?? secret.rotationIntervalSeconds;
  const restarts = secret.kind === "automatic" &&
    (hasMaterial(change) || typeof change.rotationIntervalSeconds === "number");
  return {
    description: change.description ?? secret.description,
    graceSeconds: change.graceSeconds ?? secret.graceSeconds,
    rotationIntervalSeconds: interval,
    nextRotationAt: restarts ? nextRotation(now, interval!) : secret.nextRotationAt,
  };
}

function settingsOf(
  { description, rotationIntervalSeconds, graceSeconds, nextRotationAt }: SecretSettings,
): SecretSettings {
  return { description, rotationIntervalSeconds, graceSeconds, nextRotationAt };
}

function openedNow(secret: SecretRecord, material: OpenedMaterial): OpenedSecret {
  const { currentVersion: version, updatedAt: createdAt, updatedBy: createdBy } = secret;
  return new OpenedSecret(secret, { version, createdAt, createdBy, expiresAt: null }, material);
}
