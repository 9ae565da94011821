import { messageOf, type StatusCode, VaultError } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import type { TokenService } from "#domain/tokens/mod.ts";
import { FieldErrors } from "../rest/secrets/fields.ts";
import { JsonError } from "../rest/secrets/json/mod.ts";
import { backupRoutes } from "./backup_routes.ts";
import { CallsInFlight } from "./calls_in_flight.ts";
import { type CloudAdmin, cloudRoutes } from "./cloud_routes.ts";
import { bindPathOf, prepareBind, publish, removeBindDirectory, type SocketFile, unpublish } from "./private_socket.ts";
import { type BodyLimits, readBytes, readJson } from "./read_json.ts";
import { HttpError, type Reply, toResponse } from "./reply.ts";
import { targetOf } from "./request_target.ts";
import { roleRoutes } from "./role_routes.ts";
import { dispatch, type Route } from "./router.ts";
import { type SecretsAdmin, secretsRoutes } from "./secrets/mod.ts";
import { tokenRoutes } from "./token_routes.ts";

export { bindPathOf } from "./private_socket.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const BODY_TIMEOUT_MS = 30_000;
const DRAIN_MS = 5_000;
/** What the kernel and the client get to take over the last answers, before connections are cut. */
const LAST_WORDS_MS = 50;

/** What of a log line may be the client's: a target can have 64 KiB. */
const MAX_LOGGED_TARGET = 256;

export interface AdminOptions {
  /** Absolute path of the socket. */
  readonly socket: string;
  readonly tokens: TokenService;
  /** Whether the gRPC health of the whole server is SERVING. */
  readonly isServing: () => boolean;
  readonly log: Log;
  /** Of the secrets engine; absent while it is off, which its routes say then. */
  readonly secrets?: SecretsAdmin;
  /** What `GET /status` tells, a plain JSON value without secrets; without it there is no such route. */
  readonly status?: () => unknown;
  /** How the vault stands with the cloud; without it there are no such routes. */
  readonly cloud?: CloudAdmin;
  /** Milliseconds for a request's body to arrive; 30,000. */
  readonly bodyTimeoutMs?: number;
  /** Milliseconds that calls in flight get when the server stops; 5,000. */
  readonly drainMs?: number;
}

export interface AdminServer {
  /** Removes the socket file, refuses new calls, lets those in flight end for up to 5 s. Stopping twice is harmless. */
  stop(): Promise<void>;
}

/**
 * Serves the admin API on a Unix socket that its owner alone can connect to. Contract runevault.md 3.
 *
 * @throws {Error} when the socket cannot be bound or put in its place; nothing is left behind then.
 */
export function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  return Promise.try(start, options);
}

function start(options: AdminOptions): AdminServer {
  const { bodyTimeoutMs = BODY_TIMEOUT_MS, drainMs = DRAIN_MS, log } = options;
  const stopping = new AbortController();
  const calls = new CallsInFlight();
  const answer = answerer(options, { maxBytes: MAX_BODY_BYTES, timeoutMs: bodyTimeoutMs, stopping: stopping.signal });
  const { server, file, cut } = listen(options.socket, async (request, { completed }) => {
    if (!calls.begin(completed)) return toResponse({ status: 503, body: { error: "The server is stopping" } });
    const reply = await answer(request), sent = () => reply.onSent?.();
    completed.then(sent, sent);
    return toResponse(reply);
  });
  const stop = async () => {
    removeSocket(file, log);
    if (!await calls.drain(drainMs)) stopping.abort(); // calls whose body has not come are refused now
    await calls.drain(LAST_WORDS_MS);
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    // Not shutdown(): it waits for clients that send half a body or read no answer, for as long as they like.
    cut.abort();
    await server.finished;
  };
  let stopped: Promise<void> | undefined;
  return { stop: () => stopped ??= stop() };
}

function removeSocket(file: SocketFile, log: Log): void {
  try {
    unpublish(file);
  } catch (reason) {
    log("warn", `admin: socket file not removed: ${messageOf(reason)}`);
  }
}

function answerer(options: AdminOptions, limits: BodyLimits): (request: Request) => Promise<Reply> {
  const { log, tokens, cloud } = options;
  const routes = [
    ...healthRoutes(options),
    ...tokenRoutes(tokens),
    ...roleRoutes(tokens),
    ...backupRoutes(tokens),
    ...(cloud ? cloudRoutes(cloud) : []),
    ...secretsRoutes(options.secrets),
  ];
  return async (request) => {
    const { method } = request;
    const target = targetOf(request);
    const json = () => readJson(request, limits);
    const bytes = (maxBytes = limits.maxBytes) => readBytes(request, { ...limits, maxBytes });
    const reply = await dispatch(routes, { method, target, json, bytes }).catch((reason) => refusal(reason, log));
    log("info", `admin: ${method} ${target.slice(0, MAX_LOGGED_TARGET)} ${reply.status}`);
    return reply;
  };
}

function healthRoutes({ isServing, status }: AdminOptions): Route[] {
  const health = (): Reply =>
    isServing() ? { status: 200, body: { status: "ok" } } : { status: 503, body: { status: "unhealthy" } };
  const routes: Route[] = [{ method: "GET", path: ["health"], handle: health }];
  if (status) routes.push({ method: "GET", path: ["status"], handle: () => ({ status: 200, body: status() }) });
  return routes;
}

/** Of refusals; all other errors are the vault's own. */
const STATUS_OF: Partial<Record<StatusCode, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
};

/** The one place where errors become answers. */
function refusal(reason: unknown, log: Log): Reply {
  const body = { error: messageOf(reason) };
  if (reason instanceof HttpError) return { status: reason.status, body };
  if (reason instanceof VaultError && STATUS_OF[reason.code]) return { status: STATUS_OF[reason.code]!, body };
  if (reason instanceof FieldErrors || reason instanceof JsonError) return { status: 400, body };
  log("error", `admin: ${body.error}`);
  return { status: 500, body };
}

function listen(path: string, handler: Deno.ServeHandler<Deno.UnixAddr>) {
  const cut = new AbortController();
  prepareBind(path);
  try {
    const server = Deno.serve({ path: bindPathOf(path), signal: cut.signal, onListen: () => {} }, handler);
    return { server, file: publish(path), cut };
  } catch (reason) {
    cut.abort();
    removeBindDirectory(path);
    throw reason;
  }
}
