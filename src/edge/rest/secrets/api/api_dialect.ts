import { AccessRefusal } from "#domain/access/mod.ts";
import { type Action, resourceText } from "#domain/policies/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { HttpBodyError, type HttpReply } from "../../surface.ts";
import { FieldErrors, type Problem } from "../fields.ts";
import { JsonError } from "../json/mod.ts";
import { jsonReply, retryAfter } from "../reply.ts";
import { BodyRefused } from "../request_body.ts";
import type { Dialect, Match, Route } from "../route.ts";
import type { SecretsCall, Subject } from "../secrets_call.ts";
import { decodedAfter, splitLast } from "../target.ts";

const PROJECTS = "/api/projects/", SECRETS = "/api/secrets/";
/** The four actions that its clients know. */
const WORDS: Readonly<Partial<Record<Action, string>>> = { create: "write", update: "write", rotate: "write" };

type Headers = Readonly<Record<string, string>>;
const CHALLENGE: Headers = { "www-authenticate": "X-Service, X-Token" };

/** The paths and refusals of `/api`: contract secrets.md B.2 and B.4. */
export class ApiDialect implements Dialect {
  constructor(readonly routes: readonly Route[]) {}

  owns(path: string): boolean {
    return path === "/api" || path.startsWith("/api/");
  }

  match(path: string): Match | undefined {
    if (path.startsWith(PROJECTS)) {
      const name = decodedAfter(PROJECTS, path) ?? "", [head, tail] = splitLast(name);
      if (tail === "set-default") return this.#match("/api/projects/{project}/set-default", head);
      return this.#match("/api/projects/{project}", name);
    }
    if (path === `${SECRETS}test` || !path.startsWith(SECRETS)) return this.#match(path, "");
    return this.#match("/api/secrets/{project}/{path}", decodedAfter(SECRETS, path) ?? "");
  }

  noRoute(allowed: readonly string[]): HttpReply {
    if (allowed.length === 0) return refusal(404, "Not Found");
    return refusal(405, "Method Not Allowed", { allow: allowed.join(", ") });
  }

  failure(reason: unknown, call: SecretsCall | undefined, { hasCredentials }: { hasCredentials: boolean }): HttpReply {
    if (reason instanceof AccessRefusal) return accessRefusal(reason, call, hasCredentials);
    if (reason instanceof FieldErrors) return validation(reason.problems);
    if (reason instanceof BodyRefused) return validation([NO_OBJECT]);
    if (reason instanceof JsonError) return validation([invalidJson(reason)]);
    if (reason instanceof HttpBodyError) return refusal(reason.status, BODY_TEXTS[reason.status]);
    return reason instanceof VaultError ? ofCode(reason, call) : refusal(500, "Internal Server Error");
  }

  #match(template: string, target: string): Match | undefined {
    const routes = this.routes.filter((route) => route.template === template);
    return routes.length === 0 ? undefined : { routes, target };
  }
}

const BODY_TEXTS: Readonly<Record<HttpBodyError["status"], string>> = {
  400: "There was an error parsing the body",
  408: "Request Timeout",
  413: "Request Entity Too Large",
};

const NO_OBJECT: Problem = {
  type: "model_attributes_type",
  loc: ["body"],
  msg: "Input should be a valid dictionary or object to extract fields from",
};

function invalidJson({ at, message }: JsonError): Problem {
  return { type: "json_invalid", loc: ["body", at], msg: "JSON decode error", ctx: { error: message } };
}

function accessRefusal(refused: AccessRefusal, call: SecretsCall | undefined, hasCredentials: boolean): HttpReply {
  switch (refused.kind) {
    case "unauthenticated":
      return refusal(401, hasCredentials ? "Invalid token" : "Missing X-Service or X-Token header", CHALLENGE);
    case "hidden":
      return refusal(404, call?.subject ? absence(call.subject) : "Not Found");
    case "forbidden":
      return refusal(403, call?.subject ? missingPermission(call.user, call.subject) : "forbidden");
    case "locked":
    case "rate-limited":
      return refusal(429, refused.message, retryAfter(refused.retryAfterSeconds));
  }
}

function missingPermission(user: string, { action, resource }: Subject): string {
  return `Service '${user}' does not have '${WORDS[action] ?? action}' permission for '${resourceText(resource)}'`;
}

function absence({ resource }: Subject): string {
  return resource.path === ""
    ? `Project '${resource.project}' not found`
    : `Secret '${resourceText(resource)}' not found`;
}

function presence({ resource }: Subject): string {
  const what = resource.path === "" ? `Project '${resource.project}'` : `Secret '${resourceText(resource)}'`;
  return `${what} already exists`;
}

function ofCode({ code, message }: VaultError, call: SecretsCall | undefined): HttpReply {
  const subject = call?.subject;
  switch (code) {
    case "INVALID_ARGUMENT":
      return validation([{ type: "value_error", loc: ["body"], msg: `Value error, ${message}` }]);
    case "FAILED_PRECONDITION":
      return refusal(400, message);
    case "NOT_FOUND":
      return refusal(404, subject ? absence(subject) : "Not Found");
    case "ALREADY_EXISTS":
      return refusal(409, subject ? presence(subject) : message);
    case "ABORTED":
      return refusal(409, "write conflict; retry the request");
    case "PERMISSION_DENIED":
      return refusal(403, message);
    case "DATA_LOSS":
      return refusal(500, "Failed to decrypt secret: Decryption failed: ");
    default:
      return refusal(500, "Internal Server Error");
  }
}

/** FastAPI's form; `input` would be what was sent, so it is always null. */
function validation(problems: readonly Problem[]): HttpReply {
  const detail = problems.map(({ type, loc, msg, ctx }) => ({ type, loc, msg, input: null, ctx }));
  return jsonReply(422, { detail });
}

function refusal(status: number, detail: string, headers: Headers = {}): HttpReply {
  return jsonReply(status, { detail }, headers);
}
