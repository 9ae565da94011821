import { Buffer } from "node:buffer";
import { Agent, request } from "node:https";

/** What came back: the body as text, and parsed where it is JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface SendOptions {
  /** An object becomes JSON; a string or bytes are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the client's own; null sends none. */
  readonly token?: string | null;
}

/** An HTTPS client that sends paths as they are written: no dot segment is folded and nothing is encoded. */
export class SecretsClient implements Disposable {
  /** Sees every reply before its caller does. */
  onReply: (method: string, path: string, reply: Reply) => void = () => {};
  readonly #agent: Agent;

  /** @param token Sent as `Authorization: Bearer`; with `service`, as `X-Service` and `X-Token`. */
  constructor(
    readonly vault: { readonly port: number; readonly ca: string },
    readonly token?: string,
    readonly service?: string,
  ) {
    this.#agent = new Agent({ keepAlive: true, ca: vault.ca, maxSockets: 64 });
  }

  get(path: string, options: SendOptions = {}): Promise<Reply> {
    return this.send("GET", path, options);
  }

  post(path: string, body?: unknown, options: SendOptions = {}): Promise<Reply> {
    return this.send("POST", path, { body, ...options });
  }

  put(path: string, body?: unknown, options: SendOptions = {}): Promise<Reply> {
    return this.send("PUT", path, { body, ...options });
  }

  patch(path: string, body?: unknown, options: SendOptions = {}): Promise<Reply> {
    return this.send("PATCH", path, { body, ...options });
  }

  delete(path: string, options: SendOptions = {}): Promise<Reply> {
    return this.send("DELETE", path, options);
  }

  send(method: string, path: string, { body, headers = {}, token = this.token }: SendOptions = {}): Promise<Reply> {
    const bytes = bytesOf(body);
    const own: Record<string, string | number> = {
      ...typeof token === "string" ? this.#credentials(token) : {},
      ...bytes && { "content-type": "application/json", "content-length": bytes.length },
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const { port } = this.vault;
      const sent = request({ host: "localhost", port, method, path, headers: own, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const isJson = response.headers["content-type"]?.startsWith("application/json") && text !== "";
          const { statusCode: status = 0, headers } = response;
          const reply = { status, headers, text, body: isJson ? JSON.parse(text) : undefined };
          try {
            this.onReply(method, path, reply);
            resolve(reply);
          } catch (reason) {
            reject(reason);
          }
        });
      });
      sent.on("error", reject);
      sent.end(bytes);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #credentials(token: string): Record<string, string> {
    return this.service === undefined
      ? { authorization: `Bearer ${token}` }
      : { "x-service": this.service, "x-token": token };
  }
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}
