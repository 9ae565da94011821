import { timingSafeEqual } from "node:crypto";
import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Sealer } from "#ports/sealer.ts";
import type {
  Authorship,
  ImportedSecret,
  Project,
  SealedValue,
  SecretAddress,
  SecretChange,
  SecretRecord,
  SecretStore,
  SecretVersion,
} from "#ports/secret_store.ts";
import { canonicalName, checkProjectName, resourceOf } from "./address.ts";
import { type OpenedMaterial, wipeMaterial } from "./opened_secret.ts";
import { checkPortable, type PortableSecret } from "./portable_secret.ts";
import { graceEnd, isLive, nextRotation, unixSeconds } from "./schedule.ts";
import { SealedValues } from "./sealed_values.ts";
import { checkProjectDescription } from "./validate.ts";

/** What an import needs of the store. */
export type ImportStore = Pick<SecretStore, "findSecret" | "findProject" | "readVersion" | "importSecrets">;

export interface ImportParts {
  readonly store: ImportStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** `secrets.keep_versions`. */
  readonly keepVersions: number;
}

/** What happens to a secret that is there already: refuse the whole import, leave it, or give it a new version. */
export const CONFLICT_RULES = ["fail", "skip", "new-version"] as const;
export type ConflictRule = (typeof CONFLICT_RULES)[number];

export interface ImportResult {
  readonly created: number;
  /** Got a new version. */
  readonly updated: number;
  readonly skipped: number;
  /** Where they went, with how many each got. */
  readonly projects: Readonly<Record<string, number>>;
  /** Values that were written; each was read back and is what was sealed. */
  readonly versions: number;
  /** Versions of the new secrets that were left out: older than `keepVersions` allows, and not live. */
  readonly droppedVersions: number;
  /** The one that was to become the default, if it is the default now. */
  readonly defaultProject: string | null;
}

/** So that no import fills the memory. */
const MAX_SECRETS = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;

interface Plan {
  readonly created: readonly ImportedSecret[];
  readonly changes: readonly SecretChange[];
  readonly skipped: number;
}

/**
 * Secrets from elsewhere, all or nothing: each value is sealed as soon as it comes, opened again and compared, and nothing
 * is in the store until commit(), which is one transaction.
 */
export class SecretImport {
  readonly #store: ImportStore;
  readonly #values: SealedValues;
  readonly #clock: Clock;
  readonly #keepVersions: number;
  readonly #staged = new Map<string, ImportedSecret>();
  /** How many versions of a staged secret were left out, by its name. */
  readonly #dropped = new Map<string, number>();
  readonly #projects = new Map<string, Pick<Project, "name" | "description"> & Authorship>();
  #bytes = 0;

  constructor({ store, sealer, clock, keepVersions }: ImportParts) {
    this.#store = store;
    this.#values = new SealedValues(sealer);
    this.#clock = clock;
    this.#keepVersions = keepVersions;
  }

  get size(): number {
    return this.#staged.size;
  }

  /** The names of all projects that it is about. */
  get projects(): string[] {
    const ofSecrets = Array.from(this.#staged.values(), ({ address }) => address.project);
    return [...new Set([...this.#projects.keys(), ...ofSecrets])];
  }

  /** @throws {VaultError} INVALID_ARGUMENT. */
  addProject(project: Pick<Project, "name" | "description"> & Authorship): void {
    checkProjectName(project.name);
    checkProjectDescription(project.description);
    this.#projects.set(project.name, project);
  }

  /** @param secret Stays the caller's, who wipes it. @throws {VaultError} INVALID_ARGUMENT; what sealing throws. */
  async stage(secret: PortableSecret): Promise<void> {
    checkPortable(secret);
    const name = canonicalName(secret.address);
    if (this.#staged.has(name)) throw invalid(`'${resourceOf(secret.address)}' comes twice`);
    if (this.#staged.size >= MAX_SECRETS) throw invalid(`an import has at most ${MAX_SECRETS} secrets`);
    const now = unixSeconds(this.#clock.now()), versions: SecretVersion[] = [];
    for (const { material, ...version } of secret.versions) {
      const isKept = version.version > secret.currentVersion - this.#keepVersions || isLive(version.expiresAt, now);
      if (isKept) versions.push({ ...version, sealed: await this.#seal(secret.address, version.version, material) });
    }
    if (this.#bytes > MAX_BYTES) throw invalid(`an import has at most ${MAX_BYTES} bytes of values: split it`);
    const due = secret.kind === "automatic" ? secret.nextRotationAt ?? now + secret.rotationIntervalSeconds! : null;
    this.#staged.set(name, { ...secret, nextRotationAt: due, versions });
    this.#dropped.set(name, secret.versions.length - versions.length);
  }

  /**
   * Writes all of it in one transaction, then reads every value back.
   *
   * @param options `defaultProject`: of the import's projects the one that becomes the default where there is none.
   * @throws {VaultError} INVALID_ARGUMENT; ALREADY_EXISTS; ABORTED when a secret changed meanwhile; nothing was written
   * then. INTERNAL when the store does not give back what it was given.
   */
  async commit(
    rule: ConflictRule,
    actor: string,
    { defaultProject }: { readonly defaultProject?: string } = {},
  ): Promise<ImportResult> {
    if (defaultProject !== undefined && !this.#projects.has(defaultProject)) {
      throw invalid(`'${defaultProject}' is no project of this import and cannot become the default`);
    }
    const { created, changes, skipped } = await this.#plan(rule, actor);
    await this.#store.importSecrets(created, { projects: [...this.#projects.values()], defaultProject, changes });
    const versions = await this.#checkAll(created, changes);
    const written = [...created.map(({ address }) => address), ...changes.map(({ secret }) => secret)];
    return {
      created: created.length,
      updated: changes.length,
      skipped,
      projects: countByProject(written),
      versions,
      droppedVersions: created.reduce((sum, { address }) => sum + this.#dropped.get(canonicalName(address))!, 0),
      defaultProject: await this.#isDefault(defaultProject) ? defaultProject! : null,
    };
  }

  /** What commit() would do. */
  async #plan(rule: ConflictRule, actor: string): Promise<Plan> {
    const created: ImportedSecret[] = [], there: { secret: SecretRecord; staged: ImportedSecret }[] = [];
    for (const staged of this.#staged.values()) {
      const secret = await this.#store.findSecret(staged.address);
      if (secret) there.push({ secret, staged });
      else created.push(staged);
    }
    if (rule === "fail" && there.length > 0) {
      const text =
        `${there.length} of ${this.size} secrets are there already, '${resourceOf(there[0].secret)}' first: ` +
        "leave them with --on-conflict skip, or give them new versions with --on-conflict new-version";
      throw new VaultError("ALREADY_EXISTS", text);
    }
    if (rule !== "new-version") return { created, changes: [], skipped: there.length };
    const changes: SecretChange[] = [];
    for (const { secret, staged } of there) changes.push(await this.#newVersion(secret, staged, actor));
    return { created, changes, skipped: 0 };
  }

  async #newVersion(secret: SecretRecord, staged: ImportedSecret, actor: string): Promise<SecretChange> {
    if (secret.format !== staged.format) {
      throw invalid(`'${resourceOf(secret)}' is ${secret.format} and would become ${staged.format}`);
    }
    const current = staged.versions.find(({ version }) => version === staged.currentVersion)!;
    const material = await this.#values.open(staged.address, staged.format, current);
    try {
      const at = this.#clock.now(), now = unixSeconds(at);
      const sealed = await this.#seal(secret, secret.currentVersion + 1, material);
      const { description, rotationIntervalSeconds, graceSeconds } = secret;
      const nextRotationAt = secret.kind === "automatic" ? nextRotation(now, rotationIntervalSeconds!) : null;
      const next = { sealed, expiresAt: graceEnd(now, graceSeconds), keepVersions: this.#keepVersions };
      return { secret, description, rotationIntervalSeconds, graceSeconds, nextRotationAt, next, at, actor };
    } finally {
      wipeMaterial(material);
    }
  }

  /** Sealed, opened again and compared. */
  async #seal(address: SecretAddress, version: number, material: OpenedMaterial): Promise<SealedValue> {
    const sealed = await this.#values.seal(address, version, material);
    const opened = await this.#values.open(address, material.format, asVersion(version, sealed));
    try {
      if (!isEqual(opened, material)) throw new VaultError("INTERNAL", `'${resourceOf(address)}' was not sealed right`);
    } finally {
      wipeMaterial(opened);
    }
    this.#bytes += sealed.ciphertext.length;
    return sealed;
  }

  async #isDefault(project: string | undefined): Promise<boolean> {
    return project !== undefined && (await this.#store.findProject(project))?.isDefault === true;
  }

  /** @returns How many values were compared. */
  async #checkAll(created: readonly ImportedSecret[], changes: readonly SecretChange[]): Promise<number> {
    let versions = 0;
    for (const { address, versions: written } of created) {
      for (const { version, sealed } of written) versions += await this.#check(address, version, sealed);
    }
    for (const { secret, next } of changes) {
      versions += await this.#check(secret, secret.currentVersion + 1, next!.sealed);
    }
    return versions;
  }

  /** @returns 1, the number of values that were compared. */
  async #check(address: SecretAddress, version: number, sealed: SealedValue): Promise<1> {
    const stored = (await this.#store.readVersion(address, version))?.version?.sealed;
    // What was compared with its plaintext when it was sealed.
    if (stored && isSame(stored.ciphertext, sealed.ciphertext) && isSame(stored.nonce, sealed.nonce)) return 1;
    throw new VaultError(
      "INTERNAL",
      `'${resourceOf(address)}' version ${version} is not in the store as it was written`,
    );
  }
}

function countByProject(addresses: readonly SecretAddress[]): Record<string, number> {
  const counts: Record<string, number> = Object.create(null);
  for (const { project } of addresses) counts[project] = (counts[project] ?? 0) + 1;
  return { ...counts };
}

function asVersion(version: number, sealed: SealedValue): SecretVersion {
  return { version, sealed, createdAt: 0, createdBy: "", expiresAt: null };
}

function isEqual(a: OpenedMaterial, b: OpenedMaterial): boolean {
  if (a.format === "opaque") return b.format === "opaque" && isSame(a.value, b.value);
  return b.format === "userpass" && isSame(a.username, b.username) && isSame(a.password, b.password);
}

/** In a time that tells nothing but the lengths. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function invalid(text: string): VaultError {
  return new VaultError("INVALID_ARGUMENT", text);
}
