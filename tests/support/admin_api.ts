import { request } from "node:http";

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
  send(method: string, target: string, body?: unknown): Promise<AdminAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<AdminAnswer>();
    const call = request({ socketPath: this.socket, method, path: target, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk).on("error", reject);
      response.on("close", () => {
        if (!response.complete) return reject(new Error("the answer was cut off"));
        resolve({ status: response.statusCode!, text, body: text === "" ? undefined : JSON.parse(text) });
      });
    });
    call.on("error", reject);
    call.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
    return promise;
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
