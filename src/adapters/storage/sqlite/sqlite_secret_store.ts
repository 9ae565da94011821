import { setImmediate } from "node:timers";
import { VaultError } from "#errors/mod.ts";
import type * as port from "#ports/secret_store.ts";
import { Database } from "./database.ts";
import { GroupWriter } from "./group_writer.ts";
import { LockoutTable } from "./lockout_table.ts";
import { ProjectTable } from "./project_table.ts";
import { ReadCache } from "./read_cache.ts";
import { RewrapTable } from "./rewrap_table.ts";
import { nameOf, SecretTable, writeConflict } from "./secret_table.ts";
import { copyTo, replaceBy } from "./snapshot.ts";
import { storeError } from "./sqlite_error.ts";
import { VersionTable } from "./version_table.ts";

const BEFORE_ALL = Number.MIN_SAFE_INTEGER;

/**
 * Secrets in one SQLite file. One connection reads and writes, on this thread: a read is one turn of the event loop and
 * sees what was acknowledged, writes share transactions. Every row carries a checksum of its fields, so that a record which
 * the disk has changed is refused and all others go on.
 */
export class SqliteSecretStore implements port.SecretStore {
  /** Of the same file, since one connection alone may have it open. */
  readonly lockouts: LockoutTable;
  readonly #db: Database;
  readonly #writer: GroupWriter;
  readonly #lately = new ReadCache();
  readonly #projects: ProjectTable;
  readonly #secrets: SecretTable;
  readonly #versions: VersionTable;
  readonly #rewrap: RewrapTable;

  /**
   * Opens the file, or makes it; `:memory:` keeps nothing.
   *
   * @param db The file, when it is open already.
   * @throws {VaultError} as Database does.
   */
  constructor(readonly path: string, db: Database = new Database(path)) {
    this.#db = db;
    this.#writer = new GroupWriter(this.#db, () => this.#lately.clear());
    this.#projects = new ProjectTable(this.#db);
    this.#secrets = new SecretTable(this.#db);
    this.#versions = new VersionTable(this.#db);
    this.#rewrap = new RewrapTable(this.#db);
    this.lockouts = new LockoutTable(this.#db, this.#writer);
  }

  createProject(project: Pick<port.Project, "name" | "description"> & port.Authorship): Promise<port.Project> {
    return this.#writer.write(() => this.#projects.create(project));
  }

  findProject(name: string): Promise<port.Project | undefined> {
    return this.#read(() => this.#projects.find(name));
  }

  listProjects(): Promise<(port.Project | port.DamagedRecord)[]> {
    return this.#read(() => this.#projects.list());
  }

  describeProject(name: string, description: string | null): Promise<port.Project> {
    return this.#writer.write(() => this.#projects.describe(name, description));
  }

  setDefaultProject(name: string): Promise<port.Project> {
    return this.#writer.write(() => this.#projects.setDefault(name));
  }

  deleteProject(name: string): Promise<void> {
    return this.#writer.write(() => this.#projects.delete(name));
  }

  createSecret({ address, sealed, at, actor, ...settings }: port.NewSecret): Promise<port.SecretRecord> {
    return this.#writer.write(() => {
      this.#projects.ensure(address.project, { at, actor });
      const times = { createdAt: at, updatedAt: at, updatedBy: actor };
      const secret = this.#secrets.insert(address, { ...settings, ...times, currentVersion: 1, revision: 1 });
      this.#versions.insert(secret.id, { version: 1, sealed, createdAt: at, createdBy: actor, expiresAt: null });
      return secret;
    });
  }

  changeSecret(change: port.SecretChange): Promise<port.SecretRecord> {
    return this.#writer.write(() => this.#change(change));
  }

  deleteSecret(address: port.SecretAddress, secret?: port.SecretRecord): Promise<void> {
    return this.#writer.write(() => {
      if (secret) this.#expect(secret);
      const id = this.#secrets.idOf(nameOf(address));
      if (id === undefined) {
        throw new VaultError("NOT_FOUND", `Secret 'secret:${address.project}:${address.path}' not found`);
      }
      this.#secrets.delete(id);
    });
  }

  importSecrets(
    secrets: readonly port.ImportedSecret[],
    { projects = [], defaultProject, changes = [] }: port.ImportOptions = {},
  ): Promise<void> {
    return this.#writer.write(() => {
      for (const { name, ...project } of projects) this.#projects.ensure(name, project);
      if (defaultProject !== undefined) this.#projects.setDefaultUnlessChosen(defaultProject);
      for (const { address, versions, ...fields } of secrets) {
        this.#projects.ensure(address.project, { at: fields.createdAt, actor: fields.updatedBy });
        const { id } = this.#secrets.insert(address, { ...fields, revision: 1 });
        for (const version of versions) this.#versions.insert(id, version);
      }
      for (const change of changes) this.#change(change);
    });
  }

  findSecret(address: port.SecretAddress): Promise<port.SecretRecord | undefined> {
    return this.#read(() => this.#secrets.find(address));
  }

  readVersion(address: port.SecretAddress, version?: number): Promise<port.ReadSecret | undefined> {
    return this.#read(() => {
      if (version === undefined) return this.#readCurrent(address);
      const secret = this.#secrets.find(address);
      if (secret?.currentVersion === version) return this.#readCurrent(address);
      return secret && { secret, version: this.#versions.find(secret, version) };
    });
  }

  readLive(address: port.SecretAddress, now: number): Promise<port.LiveVersions | undefined> {
    return this.#read(() => {
      const secret = this.#secrets.find(address);
      return secret && { secret, versions: this.#versions.list(secret, now) };
    });
  }

  listVersions(address: port.SecretAddress): Promise<port.VersionSummary[] | undefined> {
    return this.#read(() => {
      const secret = this.#secrets.find(address);
      return secret && this.#versions.list(secret).map(({ sealed: { algorithm, keyId }, ...version }) => {
        return { ...version, algorithm, keyId };
      });
    });
  }

  /** Each call is a turn of the event loop: whoever may see few of a million secrets holds nobody up. */
  async listSecrets(range: port.NameRange): Promise<port.Scanned<port.SecretRecord, string>[]> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    return await this.#read(() => this.#secrets.list(range));
  }

  listNames(range: port.NameRange): Promise<string[]> {
    return this.#read(() => this.#secrets.names(range));
  }

  listDue(
    now: number,
    limit: number,
    after: port.DuePosition = { nextRotationAt: BEFORE_ALL, id: 0 },
  ): Promise<port.Scanned<port.SecretRecord, port.DuePosition>[]> {
    return this.#read(() => this.#secrets.listDue(now, limit, after));
  }

  purgeVersions(now: number, keepVersions: number, limit: number): Promise<number> {
    return this.#writer.write(() => this.#versions.purge(now, keepVersions, limit));
  }

  scanVersions(
    limit: number,
    after: port.VersionPosition = { secretId: BEFORE_ALL, version: 0 },
  ): Promise<port.Scanned<port.StoredVersion, port.VersionPosition>[]> {
    return this.#read(() => this.#versions.scan(limit, after));
  }

  sampleWrappings(limit: number): Promise<(port.StoredVersion | port.DamagedRecord)[]> {
    return this.#read(() => this.#versions.sample(limit));
  }

  replaceWrapping(wrapping: port.NewWrapping): Promise<boolean> {
    return this.#writer.write(() => this.#versions.replaceWrapping(wrapping));
  }

  countWrappings(): Promise<port.WrappingCount[]> {
    return this.#read(() => this.#versions.countWrappings());
  }

  readRewrapState(): Promise<port.RewrapState | undefined> {
    return this.#read(() => this.#rewrap.read());
  }

  saveRewrapState(state: port.RewrapState): Promise<void> {
    return this.#writer.write(() => this.#rewrap.save(state));
  }

  snapshot(path: string): Promise<void> {
    return copyTo(this.#db, path);
  }

  async restore(path: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    await replaceBy(path, this.#db, (command) => this.#writer.write(command), force);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#db.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #change({ secret: old, next, at, actor, ...settings }: port.SecretChange): port.SecretRecord {
    const revision = old.revision + 1, currentVersion = old.currentVersion + (next ? 1 : 0);
    const secret = { ...old, ...settings, updatedAt: at, updatedBy: actor, revision, currentVersion };
    this.#secrets.update(old, secret);
    if (!next) return secret;
    const { sealed } = next;
    this.#versions.supersede(old, Math.floor(at / 1000), next);
    this.#versions.insert(old.id, {
      version: currentVersion,
      sealed,
      createdAt: at,
      createdBy: actor,
      expiresAt: null,
    });
    return secret;
  }

  /** @throws {VaultError} ABORTED when the secret is no longer as it was read. */
  #expect(old: port.SecretRecord): void {
    const now = this.#secrets.find(old);
    if (now?.id !== old.id || now.revision !== old.revision) throw writeConflict();
  }

  #readCurrent(address: port.SecretAddress): port.ReadSecret | undefined {
    const name = nameOf(address), known = this.#lately.get(name);
    if (known) return known;
    const read = this.#versions.findCurrent(address);
    if (read) this.#lately.add(name, read);
    return read;
  }

  #read<T>(read: () => T): Promise<T> {
    return Promise.try(() => {
      try {
        return read();
      } catch (reason) {
        throw reason instanceof VaultError ? reason : storeError("cannot be read", reason);
      }
    });
  }
}
