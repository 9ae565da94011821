import { messageOf } from "#errors/mod.ts";
import { unixHttp } from "./unix_http.ts";

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

async function exchange(
  socketPath: string,
  { method, path, body, timeoutMs }: AdminRequest,
): Promise<AdminResponse> {
  const timeout = new AbortController();
  const tooLate = () => timeout.abort(new Error(`no answer within ${timeoutMs / 1000} s`));
  const timer = setTimeout(tooLate, timeoutMs);
  try {
    return await unixHttp(socketPath, {
      method,
      target: path,
      signal: timeout.signal,
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
  } finally {
    clearTimeout(timer);
  }
}

function connectText(reason: unknown, socketPath: string): string {
  if (reason instanceof Deno.errors.NotFound) return `admin socket ${socketPath} not found — is the daemon running?`;
  if (reason instanceof Deno.errors.ConnectionRefused) return "Cannot connect to admin server. Is Vault running?";
  return `admin: ${messageOf(reason)} (socket: ${socketPath})`;
}
