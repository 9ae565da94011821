import type { AdminRequest } from "./admin_request.ts";
import { sendAdmin, unexpectedAnswer } from "./admin_send.ts";

/** A secret without its value; times as `2026-06-13T12:00:00Z`. */
export interface SecretJson {
  /** `project/path`. */
  readonly name: string;
  readonly kind: "manual" | "automatic";
  readonly format: "opaque" | "userpass";
  readonly version: number;
  readonly description: string | null;
  readonly rotation_interval_secs: number | null;
  readonly grace_period_secs: number;
  readonly next_rotation_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly updated_by: string;
}

export interface OpenedSecretJson extends SecretJson {
  readonly value?: string;
  readonly username?: string;
  readonly password?: string;
}

export interface PutSecretJson {
  readonly name: string;
  readonly project?: string;
  readonly value?: string;
  /** 1: by the vault. */
  readonly generate?: 1;
  readonly username?: string;
  readonly kind?: string;
  readonly description?: string;
  readonly rotation_interval_secs?: number;
  readonly grace_period_secs?: number;
  readonly expected_version?: number;
}

export interface VersionJson {
  readonly version: number;
  readonly created_at: string;
  readonly created_by: string;
  /** End of its grace; null for the current version. */
  readonly expires_at: string | null;
  readonly algorithm: string;
  readonly key_id: string;
}

export interface ProjectJson {
  readonly name: string;
  readonly description: string | null;
  readonly is_default: boolean;
  readonly created_at: string;
  readonly created_by: string;
}

export interface RewrapStatusJson {
  readonly enabled: boolean;
  readonly busy: boolean;
  readonly key_id: string;
  readonly total_versions: number;
  readonly pending_versions: number;
  readonly last_completed_rotation_at: string | null;
  readonly latest_rotation_at: string | null;
  /** Of the last pass that was asked for since the daemon started. */
  readonly last: { readonly scanned: number; readonly rewrapped: number; readonly failed: number } | null;
  readonly last_error: string | null;
}

export interface PolicyDecisionJson {
  readonly user: string;
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
  readonly rule: { readonly policy: string; readonly permission: number; readonly line: number } | null;
  readonly explanation: string;
  /** What `secrets.allowed_ips` says; null where it does not matter. */
  readonly address: string | null;
}

export interface PolicyJson {
  readonly name: string;
  readonly description: string;
  readonly permissions: number;
  readonly roles: readonly string[];
}

export interface LockoutJson {
  readonly address: string;
  readonly failures: number;
  readonly retry_after_seconds: number;
}

export interface CommitImportJson {
  readonly on_conflict: string;
  /** How many were staged. */
  readonly secrets: number;
  /** Of the import's projects the one that becomes the default where there is none. */
  readonly default_project?: string;
}

export interface ImportResultJson {
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly versions: number;
  /** Of new secrets, older than `secrets.keep_versions` allows. */
  readonly dropped_versions: number;
  /** The one that was to become the default, if it is the default now. */
  readonly default_project: string | null;
}

/** One page of an export: secrets as portable_json.ts writes them. */
export interface ExportPageJson {
  readonly project: ProjectJson;
  readonly secrets: readonly Readonly<Record<string, unknown>>[];
  readonly next: string | null;
}

const TIMEOUT_MS = 60_000;
/** A key service seals a batch, or the store takes a whole import. */
const LONG_TIMEOUT_MS = 600_000;

/** The secrets engine's administration as the command line sees it; errors as AdminClient's. */
export class SecretsClient {
  constructor(readonly socketPath: string) {}

  put(secret: PutSecretJson): Promise<SecretJson & { readonly created: boolean }> {
    return this.#post("/secrets/put", secret);
  }

  get(name: string, version?: number): Promise<OpenedSecretJson> {
    return this.#post("/secrets/get", { name, version });
  }

  list(query: { project?: string; prefix?: string; after?: string; limit?: number }): Promise<{
    readonly secrets: readonly SecretJson[];
    readonly damaged: readonly string[];
    readonly next: string | null;
  }> {
    return this.#list("secrets", this.#post("/secrets/list", query));
  }

  async versions(name: string): Promise<readonly VersionJson[]> {
    const asked = this.#post<{ versions: readonly VersionJson[] }>("/secrets/versions", { name });
    return (await this.#list("versions", asked)).versions;
  }

  rotate(name: string, expected_version?: number): Promise<SecretJson> {
    return this.#post("/secrets/rotate", { name, expected_version });
  }

  verify(name: string, value: string): Promise<{ readonly valid: boolean; readonly version: number | null }> {
    return this.#post("/secrets/verify", { name, value });
  }

  /** @returns Its canonical name. */
  delete(name: string, expected_version?: number): Promise<{ readonly name: string }> {
    return this.#post("/secrets/delete", { name, expected_version });
  }

  rewrapStatus(): Promise<RewrapStatusJson> {
    return this.#send({ method: "GET", path: "/secrets/rewrap" });
  }

  rewrap(): Promise<RewrapStatusJson> {
    return this.#post("/secrets/rewrap", {});
  }

  exportPage(project: string, after?: string): Promise<ExportPageJson> {
    return this.#list("secrets", this.#post("/secrets/export", { project, after }));
  }

  /** @returns The import's id. */
  async beginImport(projects: readonly { name: string; description: string | null }[]): Promise<string> {
    return (await this.#post<{ id: string }>("/secrets/imports", { projects })).id;
  }

  async stage(id: string, secrets: readonly unknown[]): Promise<void> {
    await this.#post(`/secrets/imports/${id}`, { secrets }, LONG_TIMEOUT_MS);
  }

  commitImport(id: string, order: CommitImportJson): Promise<ImportResultJson> {
    return this.#post(`/secrets/imports/${id}/commit`, order, LONG_TIMEOUT_MS);
  }

  async endImport(id: string): Promise<void> {
    await this.#send({ method: "DELETE", path: `/secrets/imports/${id}` });
  }

  async makeCopy(): Promise<void> {
    await this.#post("/secrets/copy", {}, LONG_TIMEOUT_MS);
  }

  async removeCopy(): Promise<void> {
    await this.#send({ method: "DELETE", path: "/secrets/copy" });
  }

  listProjects(): Promise<{ readonly projects: readonly ProjectJson[]; readonly damaged: readonly string[] }> {
    return this.#list("projects", this.#send({ method: "GET", path: "/projects" }));
  }

  createProject(name: string, description?: string): Promise<ProjectJson> {
    return this.#post(projectPath(name), { description });
  }

  showProject(name: string): Promise<ProjectJson> {
    return this.#send({ method: "GET", path: projectPath(name) });
  }

  describeProject(name: string, description: string): Promise<ProjectJson> {
    return this.#send({ method: "PUT", path: projectPath(name), body: { description } });
  }

  setDefaultProject(name: string): Promise<ProjectJson> {
    return this.#send({ method: "PUT", path: `${projectPath(name)}/default`, body: {} });
  }

  deleteProject(name: string): Promise<{ readonly name: string }> {
    return this.#send({ method: "DELETE", path: projectPath(name) });
  }

  async listPolicies(): Promise<readonly PolicyJson[]> {
    const asked = this.#send<{ policies: readonly PolicyJson[] }>({ method: "GET", path: "/policies" });
    return (await this.#list("policies", asked)).policies;
  }

  reloadPolicies(): Promise<{ readonly policies: number; readonly roles: number }> {
    return this.#post("/policies/reload", {});
  }

  checkPolicy(asked: { user: string; action: string; name: string; address?: string }): Promise<PolicyDecisionJson> {
    return this.#post("/policies/check", asked);
  }

  async listLockouts(): Promise<readonly LockoutJson[]> {
    const asked = this.#send<{ lockouts: readonly LockoutJson[] }>({ method: "GET", path: "/lockouts" });
    return (await this.#list("lockouts", asked)).lockouts;
  }

  /** @param address All without. @returns How many were forgotten. */
  async clearLockouts(address?: string): Promise<number> {
    const path = address === undefined ? "/lockouts" : `/lockouts/${encodeURIComponent(address)}`;
    return (await this.#send<{ cleared: number }>({ method: "DELETE", path })).cleared;
  }

  #post<Answer>(path: string, body: unknown, timeoutMs = TIMEOUT_MS): Promise<Answer> {
    return this.#send({ method: "POST", path, body, timeoutMs });
  }

  async #list<Member extends string, Answer extends { readonly [member in Member]: readonly unknown[] }>(
    member: Member,
    answer: Promise<Answer>,
  ): Promise<Answer> {
    const found = await answer;
    if (!Array.isArray(found[member])) throw unexpectedAnswer(this.socketPath);
    return found;
  }

  #send<Answer>(request: Omit<AdminRequest, "timeoutMs"> & { timeoutMs?: number }): Promise<Answer> {
    return sendAdmin(this.socketPath, { timeoutMs: TIMEOUT_MS, ...request });
  }
}

function projectPath(name: string): string {
  return `/projects/${encodeURIComponent(name)}`;
}
