/** A running admin server and a client for its tests. @module */
import { join } from "node:path";
import { openTestService } from "#domain/tokens/testing.ts";
import { type AdminOptions, startAdminServer } from "./admin_server.ts";
import { unixHttp } from "./unix_http.ts";

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  /** Content-Length as received. */
  readonly length: string | undefined;
  readonly text: string;
}

type Service = Awaited<ReturnType<typeof openTestService>>;

export interface AdminTest extends Service {
  readonly directory: string;
  readonly socket: string;
  /** Sends the target as it is; `body` as JSON, a string as it is. */
  readonly send: (method: string, target: string, body?: unknown) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

/** Runs a test against a server on a socket in a directory of its own. */
export async function withAdmin(
  test: (admin: AdminTest) => Promise<void>,
  options: Partial<Omit<AdminOptions, "tokens">> & Parameters<typeof openTestService>[0] = {},
): Promise<void> {
  const directory = Deno.makeTempDirSync();
  const socket = options.socket ?? join(directory, "run", "admin.sock");
  const service = await openTestService(options);
  const log: AdminOptions["log"] = (...line) => void service.logged.push(line);
  let stop = () => Promise.resolve();
  try {
    const server = await startAdminServer({ isServing: () => true, log, ...options, socket, tokens: service.service });
    stop = () => server.stop();
    await test({ ...service, directory, socket, stop, send: (...args) => send(socket, ...args) });
  } finally {
    await stop();
    Deno.removeSync(directory, { recursive: true });
  }
}

export async function send(socket: string, method: string, target: string, body?: unknown): Promise<Answer> {
  const json = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const { status, headers, text } = await unixHttp(socket, { method, target, body: json });
  return { status, type: headers.get("content-type"), length: headers.get("content-length"), text };
}

/** Sends bytes as they are and gives the answer, up to the end of its JSON or of the connection. */
export async function sendRaw(socket: string, text: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  await connection.write(new TextEncoder().encode(text));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let answer = "";
  while (!answer.endsWith("}")) {
    const length = await connection.read(buffer);
    if (length === null) break;
    answer += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  return answer;
}
