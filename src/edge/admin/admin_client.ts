import type { AdminRequest } from "./admin_request.ts";
import { sendAdmin, unexpectedAnswer } from "./admin_send.ts";

const TIMEOUT_MS = 30_000;
/** Two whole registrations: the one that runs already, and ours. */
const REGISTER_TIMEOUT_MS = 400_000;

export interface IssuedToken {
  readonly user: string;
  readonly token: string;
  readonly role: string;
  readonly issued_at: string;
  /** `YYYY-MM-DD` or `never`. */
  readonly expires: string;
}

export interface ListedToken {
  readonly user: string;
  readonly role: string;
  /** `?` here and in `rate_limit` when the role is gone. */
  readonly top_k: number | string;
  readonly rate_limit: string;
  readonly expires: string;
}

export interface TokenJson {
  readonly user: string;
  readonly role: string;
  readonly issued_at: string;
  /** `YYYY-MM-DD` or `never`. */
  readonly expires: string;
  /** `?` here and in `rate_limit`, and no scope, when the role is gone. */
  readonly top_k: number | string;
  readonly rate_limit: string;
  readonly scope: readonly string[];
}

/** Roles and tokens of one instant; these tokens are the real ones. */
export interface SnapshotJson {
  readonly roles: readonly RoleJson[];
  readonly tokens: readonly {
    readonly user: string;
    readonly token: string;
    readonly role: string;
    readonly issued_at: string;
    /** Absent: never expires. */
    readonly expires?: string;
  }[];
}

export interface RotatedTokens {
  readonly rotated: number;
  readonly tokens: readonly { readonly user: string; readonly token: string; readonly role: string }[];
}

export interface RoleJson {
  readonly name: string;
  readonly scope: readonly string[];
  readonly top_k: number;
  readonly rate_limit: string;
}

/** How the vault stands with enVector Cloud. */
export interface CloudJson {
  readonly state: "offline" | "registering" | "registered" | "failed";
  /** Of `offline` and `failed`, and of `registering` when the try before has failed. */
  readonly why?: string;
  /** Of `failed`, and of `registering` when the try before has failed. */
  readonly failure?: "rejected" | "unreachable" | "refused" | "local";
  /** Of `failed`, RFC 3339. */
  readonly next_try?: string;
  /** Of `registered`, RFC 3339. */
  readonly since?: string;
  /** `host:port`; empty: none. */
  readonly endpoint: string;
  readonly key_id: string;
  /** Empty: none. */
  readonly index: string;
}

export type RoleChanges = Partial<Omit<RoleJson, "name">>;

/**
 * The admin API as the command line sees it; routes of contract runevault.md 3.2, texts of 4.6.
 * Every method throws AdminClientError with the text that the operator reads.
 */
export class AdminClient {
  /** @param socketPath Absolute or relative; empty fails at the first call. */
  constructor(readonly socketPath: string, readonly timeoutMs: number = TIMEOUT_MS) {}

  health(): Promise<{ status: string }> {
    return this.#send("GET", "/health");
  }

  /** How the daemon stands with the cloud, and the permissions that it has now, by kind. */
  status(): Promise<{ cloud: CloudJson; permissions: Record<string, string[]> }> {
    return this.#send("GET", "/status");
  }

  async listTokens(): Promise<readonly ListedToken[]> {
    return this.#list((await this.#send<{ tokens: ListedToken[] }>("GET", "/tokens")).tokens);
  }

  showToken(user: string): Promise<TokenJson> {
    return this.#send("GET", `/tokens/${encodeURIComponent(user)}`);
  }

  async snapshot(): Promise<SnapshotJson> {
    const snapshot = await this.#send<SnapshotJson>("POST", "/backup/snapshot", {});
    this.#list(snapshot.roles);
    this.#list(snapshot.tokens);
    return snapshot;
  }

  /** @param expiresDays Days from today; absent: never expires. */
  issueToken(user: string, role: string, expiresDays?: number): Promise<IssuedToken> {
    const body = expiresDays === undefined ? { user, role } : { user, role, expires_days: expiresDays };
    return this.#send("POST", "/tokens", body);
  }

  rotateToken(user: string): Promise<IssuedToken> {
    return this.#send("POST", `/tokens/${encodeURIComponent(user)}/rotate`, {});
  }

  async rotateAllTokens(): Promise<RotatedTokens> {
    const answer = await this.#send<RotatedTokens>("POST", "/tokens/_rotate_all", {});
    this.#list(answer.tokens);
    return answer;
  }

  async revokeToken(user: string): Promise<void> {
    await this.#send("DELETE", `/tokens/${encodeURIComponent(user)}`);
  }

  async listRoles(): Promise<readonly RoleJson[]> {
    return this.#list((await this.#send<{ roles: RoleJson[] }>("GET", "/roles")).roles);
  }

  createRole(role: RoleJson): Promise<RoleJson> {
    return this.#send("POST", "/roles", role);
  }

  /** Absent fields keep their value. */
  updateRole(name: string, changes: RoleChanges): Promise<RoleJson> {
    return this.#send("PUT", `/roles/${encodeURIComponent(name)}`, changes);
  }

  async deleteRole(name: string): Promise<void> {
    await this.#send("DELETE", `/roles/${encodeURIComponent(name)}`);
  }

  cloud(): Promise<CloudJson> {
    return this.#send("GET", "/cloud");
  }

  /** Registers with the cloud now; throws with the reason when that does not succeed. */
  registerCloud(): Promise<CloudJson> {
    return this.#send("POST", "/cloud/register", {}, Math.max(this.timeoutMs, REGISTER_TIMEOUT_MS));
  }

  #send<Answer>(
    method: AdminRequest["method"],
    path: string,
    body?: unknown,
    timeoutMs = this.timeoutMs,
  ): Promise<Answer> {
    return sendAdmin(this.socketPath, { method, path, body, timeoutMs });
  }

  #list<Item>(items: readonly Item[]): readonly Item[] {
    if (!Array.isArray(items)) throw unexpectedAnswer(this.socketPath);
    return items;
  }
}
