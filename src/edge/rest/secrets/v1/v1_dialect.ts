import { AccessRefusal, type RefusalKind } from "#domain/access/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { HttpBodyError, type HttpReply } from "../../surface.ts";
import { FieldErrors } from "../fields.ts";
import { JsonError } from "../json/mod.ts";
import { jsonReply, retryAfter } from "../reply.ts";
import { BodyRefused } from "../request_body.ts";
import type { Dialect, Match, Route } from "../route.ts";
import type { SecretsCall } from "../secrets_call.ts";
import { decodedAfter, splitLast } from "../target.ts";
import { publicName } from "./names.ts";

const PREFIX = "/v1/secrets/";
const VERBS = ["rotate", "verify"];

const REFUSALS: Readonly<Record<RefusalKind, number>> = {
  locked: 429,
  unauthenticated: 401,
  "rate-limited": 429,
  forbidden: 403,
  hidden: 404,
};

/** The paths and refusals of `/v1`: contract secrets.md A.2 and A.3. */
export class V1Dialect implements Dialect {
  constructor(readonly routes: readonly Route[]) {}

  owns(path: string): boolean {
    return path === "/v1" || path.startsWith("/v1/");
  }

  match(path: string, method: string): Match | undefined {
    if (!path.startsWith(PREFIX)) return this.#match(path, "");
    const name = decodedAfter(PREFIX, path) ?? "";
    if (method !== "POST") return this.#match("/v1/secrets/{name}", name);
    const [head, verb] = splitLast(name);
    return verb !== undefined && VERBS.includes(verb)
      ? this.#match(`/v1/secrets/{name}/${verb}`, head)
      : this.#match("/v1/secrets/{name}", name);
  }

  noRoute(allowed: readonly string[]): HttpReply {
    if (allowed.length === 0) return refusal(404, "not found");
    return refusal(405, "method not allowed", { allow: allowed.join(", ") });
  }

  failure(reason: unknown, call: SecretsCall | undefined): HttpReply {
    if (reason instanceof AccessRefusal) return accessRefusal(reason);
    if (reason instanceof FieldErrors) return fieldErrors(reason);
    if (reason instanceof BodyRefused) return refusal(reason.status, reason.message);
    if (reason instanceof JsonError) return refusal(400, `Failed to parse the request body as JSON: ${reason.message}`);
    if (reason instanceof HttpBodyError) return refusal(reason.status, "Failed to buffer the request body");
    return reason instanceof VaultError ? ofCode(reason, call) : refusal(500, "internal error");
  }

  #match(template: string, target: string): Match | undefined {
    const routes = this.routes.filter((route) => route.template === template);
    return routes.length === 0 ? undefined : { routes, target };
  }
}

function accessRefusal({ kind, message, retryAfterSeconds }: AccessRefusal): HttpReply {
  return refusal(REFUSALS[kind], message, retryAfter(retryAfterSeconds));
}

function fieldErrors(errors: FieldErrors): HttpReply {
  const where = errors.problems[0].loc[0];
  if (where === "body") {
    return refusal(422, `Failed to deserialize the JSON body into the target type: ${errors.message}`);
  }
  return refusal(400, `Failed to deserialize ${where === "query" ? "query string" : "header"}: ${errors.message}`);
}

function ofCode({ code, message }: VaultError, call: SecretsCall | undefined): HttpReply {
  switch (code) {
    case "INVALID_ARGUMENT":
      return refusal(400, message);
    case "FAILED_PRECONDITION":
      return refusal(409, message);
    case "NOT_FOUND":
      return refusal(404, "not found");
    case "ALREADY_EXISTS":
      return refusal(409, call?.subject ? `secret '${publicName(call.subject.resource)}' already exists` : message);
    case "ABORTED":
      return refusal(409, "write conflict; retry the request");
    case "PERMISSION_DENIED":
      return refusal(403, "forbidden");
    default:
      return refusal(500, "internal error");
  }
}

function refusal(status: number, error: string, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return jsonReply(status, { error }, headers);
}
