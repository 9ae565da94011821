/**
 * The secrets engine's store: sealed records only, no plaintext ever. Times called `…At` are unix seconds where they
 * schedule something (`nextRotationAt`, `expiresAt`) and unix milliseconds where they only tell (`createdAt`, `updatedAt`).
 *
 * @module
 */

declare const checked: unique symbol;

/** Made by parseAddress() alone, or read back from a store; the canonical name is `project/path`. */
export interface SecretAddress {
  readonly project: string;
  readonly path: string;
  readonly [checked]: true;
}

export interface Project {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly isDefault: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
}

export type SecretKind = "manual" | "automatic";
export type SecretFormat = "opaque" | "userpass";

/** A secret without its value. */
export interface SecretRecord extends SecretAddress {
  readonly id: number;
  readonly kind: SecretKind;
  readonly format: SecretFormat;
  readonly description: string | null;
  readonly rotationIntervalSeconds: number | null;
  readonly graceSeconds: number;
  /** From 1. */
  readonly currentVersion: number;
  readonly nextRotationAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
  /** Rises with every change, also of the description alone; a write names the one that it was made from. */
  readonly revision: number;
}

export type SealAlgorithm = "xchacha20-poly1305" | "aes-256-gcm";

/** One sealed value: a data key of its own, wrapped by a key-encryption key. */
export interface SealedValue {
  readonly algorithm: SealAlgorithm;
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  /** 24 bytes for XChaCha20-Poly1305, 12 for AES-256-GCM. */
  readonly nonce: Uint8Array;
  /** With its 16-byte tag at the end. */
  readonly ciphertext: Uint8Array;
  /** UTF-8 of `project/path:version`. */
  readonly aad: Uint8Array;
  /** The key service's rotation that the wrapped key is known to be at, unix seconds; null: not known. */
  readonly wrappedRotationAt: number | null;
}

export interface SecretVersion {
  readonly version: number;
  readonly sealed: SealedValue;
  readonly createdAt: number;
  readonly createdBy: string;
  /** End of its grace: null for the current version. */
  readonly expiresAt: number | null;
}

/** A version without its value. */
export type VersionSummary = Omit<SecretVersion, "sealed"> & Pick<SealedValue, "algorithm" | "keyId">;

/** A record that is not what was written. */
export interface DamagedRecord {
  /** Under which the store finds it. */
  readonly name: string;
  /** DATA_LOSS; names the record. */
  readonly damage: Error;
}

/** Who makes a change, and when (unix milliseconds). */
export interface Authorship {
  readonly at: number;
  readonly actor: string;
}

/** The fields of a secret that a change may set. */
export type SecretSettings = Pick<
  SecretRecord,
  "description" | "rotationIntervalSeconds" | "graceSeconds" | "nextRotationAt"
>;

export interface NewSecret extends SecretSettings, Authorship {
  readonly address: SecretAddress;
  readonly kind: SecretKind;
  readonly format: SecretFormat;
  /** Version 1. */
  readonly sealed: SealedValue;
}

/** A secret with its history, brought from elsewhere and sealed here. */
export interface ImportedSecret extends Omit<SecretRecord, "id" | "revision" | keyof SecretAddress> {
  readonly address: SecretAddress;
  /** With the current one. */
  readonly versions: readonly SecretVersion[];
}

/** What goes into the store together with imported secrets. */
export interface ImportOptions {
  /** Made with their descriptions where there are none of their names; those that are there stay as they are. */
  readonly projects?: readonly (Pick<Project, "name" | "description"> & Authorship)[];
  /** Becomes the default project where there is none; it is there, or among `projects`. */
  readonly defaultProject?: string;
  /** New versions of secrets that are there already. */
  readonly changes?: readonly SecretChange[];
}

export interface SecretChange extends SecretSettings, Authorship {
  /** The secret as it was read. */
  readonly secret: SecretRecord;
  /** Becomes version `secret.currentVersion + 1`; without it only the settings change. */
  readonly next?: NextVersion;
}

export interface NextVersion {
  readonly sealed: SealedValue;
  /** For the version that it supersedes. */
  readonly expiresAt: number;
  /** How many versions stay, the new one included; older ones go once their grace is over. */
  readonly keepVersions: number;
}

export interface ReadSecret {
  readonly secret: SecretRecord;
  /** Undefined when there is no such version. */
  readonly version: SecretVersion | undefined;
}

export interface LiveVersions {
  readonly secret: SecretRecord;
  /** The current version, then those in grace, newest first. */
  readonly versions: readonly SecretVersion[];
}

/** What a pass over many records meets, and from where it goes on after it. */
export interface Scanned<Record, Position> {
  readonly record: Record | DamagedRecord;
  readonly position: Position;
}

export interface NameRange {
  /** What every canonical name begins with. */
  readonly prefix: string;
  /** Only names after this one. */
  readonly after: string;
  readonly limit: number;
}

/** Where a pass over due secrets stands. */
export interface DuePosition {
  readonly nextRotationAt: number;
  readonly id: number;
}

/** A stored version with the name that it is bound to. */
export interface StoredVersion {
  readonly name: string;
  readonly secretId: number;
  readonly version: number;
  readonly sealed: SealedValue;
}

/** Where a pass over all versions stands. */
export type VersionPosition = Pick<StoredVersion, "secretId" | "version">;

export interface NewWrapping {
  readonly of: StoredVersion;
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  readonly wrappedRotationAt: number | null;
}

/** How many versions are wrapped with this key at this rotation. */
export interface WrappingCount {
  readonly keyId: string;
  readonly wrappedRotationAt: number | null;
  readonly versions: number;
}

/** How far re-wrapping has come; all unix seconds. */
export interface RewrapState {
  readonly lastCompletedRotationAt: number | null;
  readonly lastSweptAt: number | null;
  readonly updatedAt: number;
}

/**
 * Commands and reads of the engine. A command resolves once it is durable, and is applied wholly or not at all; a read
 * sees every command that has resolved and is consistent in itself. Canonical names are ordered by their bytes.
 *
 * Texts have no zero character and no half of a surrogate pair (INVALID_ARGUMENT).
 *
 * Every method throws VaultError: DATA_LOSS when the record that it needs is not what was written (another record is
 * never given in its place), INTERNAL when the store cannot be read or written (nothing was changed then).
 */
export interface SecretStore {
  /** @throws {VaultError} ALREADY_EXISTS. */
  createProject(project: Pick<Project, "name" | "description"> & Authorship): Promise<Project>;
  findProject(name: string): Promise<Project | undefined>;
  /** By name. */
  listProjects(): Promise<(Project | DamagedRecord)[]>;
  /** @throws {VaultError} NOT_FOUND. */
  describeProject(name: string, description: string | null): Promise<Project>;
  /** Takes the flag from all others. @throws {VaultError} NOT_FOUND. */
  setDefaultProject(name: string): Promise<Project>;
  /** @throws {VaultError} NOT_FOUND; FAILED_PRECONDITION while it has secrets. */
  deleteProject(name: string): Promise<void>;

  /** Makes the project too when there is none of that name. @throws {VaultError} ALREADY_EXISTS. */
  createSecret(secret: NewSecret): Promise<SecretRecord>;
  /** @throws {VaultError} ABORTED when the secret is no longer as it was read. */
  changeSecret(change: SecretChange): Promise<SecretRecord>;
  /**
   * With all its versions, also when it is damaged.
   *
   * @param secret As it was read; whatever it is now without.
   * @throws {VaultError} NOT_FOUND; ABORTED when the secret is no longer as it was read.
   */
  deleteSecret(address: SecretAddress, secret?: SecretRecord): Promise<void>;

  /**
   * All of them or none; makes the projects that there are not.
   *
   * @throws {VaultError} ALREADY_EXISTS; ABORTED when a secret to change is no longer as it was read; NOT_FOUND without
   * the project that is to become the default.
   */
  importSecrets(secrets: readonly ImportedSecret[], options?: ImportOptions): Promise<void>;

  findSecret(address: SecretAddress): Promise<SecretRecord | undefined>;
  /** @param version The current one without. */
  readVersion(address: SecretAddress, version?: number): Promise<ReadSecret | undefined>;
  /** @param now Unix seconds: versions whose `expiresAt` is later are live. */
  readLive(address: SecretAddress, now: number): Promise<LiveVersions | undefined>;
  /** Newest first; undefined when there is no such secret. */
  listVersions(address: SecretAddress): Promise<VersionSummary[] | undefined>;
  /** By canonical name. */
  listSecrets(range: NameRange): Promise<Scanned<SecretRecord, string>[]>;
  /** The same names without their records, unchecked, and for a small part of the work. */
  listNames(range: NameRange): Promise<string[]>;

  /** Secrets with `nextRotationAt <= now`, longest due first. */
  listDue(now: number, limit: number, after?: DuePosition): Promise<Scanned<SecretRecord, DuePosition>[]>;
  /** Removes versions beyond the newest `keepVersions` whose grace is over; resolves to how many, at most `limit`. */
  purgeVersions(now: number, keepVersions: number, limit: number): Promise<number>;

  /** All versions of all secrets, in an order that does not change. */
  scanVersions(limit: number, after?: VersionPosition): Promise<Scanned<StoredVersion, VersionPosition>[]>;
  /** Up to `limit` versions of each key-encryption key that there are versions of. */
  sampleWrappings(limit: number): Promise<(StoredVersion | DamagedRecord)[]>;
  /** Resolves to false, with nothing changed, when the version is gone or its wrapped key is another by now. */
  replaceWrapping(wrapping: NewWrapping): Promise<boolean>;
  countWrappings(): Promise<WrappingCount[]>;
  readRewrapState(): Promise<RewrapState | undefined>;
  saveRewrapState(state: RewrapState): Promise<void>;

  /** A consistent copy of everything, as a new private file. @param path Must not exist. */
  snapshot(path: string): Promise<void>;
  /**
   * Replaces everything by what a snapshot holds, after each of its records was checked; all or nothing.
   *
   * @throws {VaultError} FAILED_PRECONDITION when this store is not empty and `force` is not set; INVALID_ARGUMENT when
   * the file is no snapshot of a version known here; DATA_LOSS when one of its records is damaged.
   */
  restore(path: string, options?: { readonly force?: boolean }): Promise<void>;
  /** Waits for the commands that run. Closing twice is harmless. */
  close(): Promise<void>;
}
