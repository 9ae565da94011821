import { Buffer } from "node:buffer";
import { type IncomingMessage, request } from "node:http";
import { messageOf } from "#errors/mod.ts";

/** What went wrong on the way to the daemon, or what it refused; `message` is for the operator (contract 4.6). */
export class AdminClientError extends Error {
  override readonly name = "AdminClientError";
}

export interface AdminRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Names in it are percent-encoded already. */
  readonly path: string;
  readonly body?: unknown;
  /** For connecting and the whole answer, in milliseconds. */
  readonly timeoutMs: number;
}

export interface AdminResponse {
  readonly status: number;
  readonly text: string;
}

const MAX_ANSWER_CHARS = 64 * 1024 * 1024;

/**
 * One HTTP exchange over the admin socket.
 *
 * @throws {AdminClientError} when there is no answer; any status is an answer.
 */
export async function adminRequest(socketPath: string, options: AdminRequest): Promise<AdminResponse> {
  if (socketPath === "") {
    throw new AdminClientError("admin socket not configured (set server.admin.socket or pass --admin-socket)");
  }
  try {
    return await exchange(socketPath, options);
  } catch (reason) {
    throw new AdminClientError(connectText(reason, socketPath), { cause: reason });
  }
}

function exchange(socketPath: string, { method, path, body, timeoutMs }: AdminRequest): Promise<AdminResponse> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = { "Content-Type": "application/json", "Content-Length": `${Buffer.byteLength(payload ?? "")}` };
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, agent: false, headers: payload === undefined ? {} : headers });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    sent.on("close", () => clearTimeout(timer));
    sent.on("error", reject);
    sent.on(
      "response",
      (response) => readText(response).then((text) => resolve({ status: response.statusCode!, text }), reject),
    );
    sent.end(payload);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    text += chunk;
    if (text.length > MAX_ANSWER_CHARS) throw new Error("the answer is too long");
  }
  return text;
}

function connectText(reason: unknown, socketPath: string): string {
  const code = (reason as { code?: unknown }).code;
  if (code === "ENOENT") return `admin socket ${socketPath} not found — is the daemon running?`;
  if (code === "ECONNREFUSED") return "Cannot connect to admin server. Is Vault running?";
  return `admin: ${messageOf(reason)} (socket: ${socketPath})`;
}
