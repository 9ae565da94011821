/** A running admin server and a client for its tests. @module */
import { request } from "node:http";
import { join } from "node:path";
import { openTestService } from "#domain/tokens/testing.ts";
import { type AdminOptions, startAdminServer } from "./admin_server.ts";

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

export function send(socketPath: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request({ socketPath, method, path, agent: false, headers: { host: "admin" } }, async (incoming) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { "content-type": type, "content-length": length } = incoming.headers;
    resolve({ status: incoming.statusCode!, type, length, text: new TextDecoder().decode(await joined(chunks)) });
  });
  outgoing.on("error", reject);
  outgoing.end(text);
  return promise;
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

function joined(chunks: Uint8Array[]): Promise<ArrayBuffer> {
  return new Blob(chunks as BlobPart[]).arrayBuffer();
}
