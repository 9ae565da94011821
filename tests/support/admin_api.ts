import { unixHttp } from "../../src/edge/admin/unix_http.ts";

export interface AdminAnswer {
  readonly status: number;
  readonly text: string;
  /** The parsed JSON; its shape is what a test is about. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** The admin socket as a program sees it, one connection a call. */
export class AdminApi {
  constructor(readonly socket: string) {}

  /**
   * @param target Goes onto the wire as it is.
   * @param body JSON; a string goes as it is.
   * @throws When no whole answer came: a change may have been made or not.
   */
  async send(method: string, target: string, body?: unknown): Promise<AdminAnswer> {
    const json = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const { status, text } = await unixHttp(this.socket, { method, target, body: json });
    return { status, text, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** @returns The new token. */
  async issue(user: string, role = "admin", expiresDays: number | null = null): Promise<string> {
    const { status, text, body } = await this.send("POST", "/tokens", { user, role, expires_days: expiresDays });
    if (status !== 201) throw new Error(`token issue failed: ${text}`);
    return body.token;
  }

  /** Users and roles as the daemon lists them. */
  async lists(): Promise<{ tokens: unknown[]; roles: unknown[] }> {
    const [tokens, roles] = await Promise.all([this.send("GET", "/tokens"), this.send("GET", "/roles")]);
    return { ...tokens.body, ...roles.body };
  }
}
