import { type AccessGuard, AccessRefusal, type Caller, type Credentials } from "#domain/access/mod.ts";
import { type AuditEntry, type AuditLog } from "#domain/audit/mod.ts";
import { resourceText } from "#domain/policies/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { HttpReply, HttpRequest, HttpSurface } from "../surface.ts";
import type { Dialect, Route } from "./route.ts";
import { SecretsCall, type Touched } from "./secrets_call.ts";

export interface SurfaceParts {
  readonly guard: AccessGuard;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
}

type Outcome = Pick<AuditEntry, "status" | "error" | "resultCount">;

const ABSENT: Outcome = { status: "error", resultCount: 0, error: "not found" };

/**
 * One of the two secrets APIs. A call is let in, does its one thing and is written to the audit log, denials included,
 * before anyone sees the answer; until it is let in, nothing of it but its head is looked at.
 */
export class SecretsSurface implements HttpSurface {
  constructor(readonly dialect: Dialect, readonly parts: SurfaceParts) {}

  owns(path: string): boolean {
    return this.dialect.owns(path);
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    const match = this.dialect.match(request.path, request.method);
    const route = match?.routes.find(({ method }) => method === request.method);
    if (!match || !route) return this.dialect.noRoute(match?.routes.map(({ method }) => method) ?? []);
    return { ...await new Answer(this, request, route).give(match.target), route: route.template };
  }
}

/** The way of one request to its reply. */
class Answer {
  readonly #startedAt: number;
  readonly #client: string | undefined;
  #call: SecretsCall | undefined;
  #isAnnounced = false;
  /** Whose call it is, as far as that is known. */
  #user = "unknown";

  constructor(readonly surface: SecretsSurface, readonly request: HttpRequest, readonly route: Route) {
    const { guard, clock } = surface.parts, forwarded = request.header("x-forwarded-for");
    this.#startedAt = clock.monotonic();
    this.#client = guard.clientOf(request.peerAddress, forwarded === undefined ? [] : [forwarded]);
  }

  async give(target: string): Promise<HttpReply> {
    const { dialect, parts } = this.surface, credentials = credentialsOf(this.request);
    try {
      const caller = parts.guard.enter(credentials, this.#client);
      using call = this.#callOf(caller);
      const reply = await this.route.handle(call, target);
      await this.#succeeded(call).catch((unwritten) => {
        reply.onSent?.(); // nobody else will see it
        throw unwritten;
      });
      return reply;
    } catch (reason) {
      const failure = await this.#failed(reason);
      const hasCredentials = Boolean(credentials.authorization || credentials.service && credentials.token);
      return dialect.failure(failure, this.#call, { hasCredentials });
    }
  }

  #callOf(caller: Caller): SecretsCall {
    this.#user = caller.user;
    return this.#call = new SecretsCall(this.request, caller, this.surface.parts.guard, () => this.#announce());
  }

  /** A change that could not be written down must not be made; one that was is not taken back for the second line. */
  async #announce(): Promise<void> {
    await this.#record(this.#subject(), { status: "started", resultCount: 0 });
    this.#isAnnounced = true;
  }

  #succeeded({ touched, resultCount }: SecretsCall): Promise<void> {
    const outcome: Outcome = { status: "success", resultCount };
    if (touched.length === 0) return this.#finish([this.#subject()], () => outcome);
    const one = touched.length > 1 ? { ...outcome, resultCount: 1 } : outcome;
    return this.#finish(touched, (subject) => subject?.isAbsent ? ABSENT : one);
  }

  /** @returns What the caller is to learn: that the failure could not be written down, where that is so. */
  async #failed(reason: unknown): Promise<unknown> {
    const status = isDenial(reason) ? "denied" : "error";
    if (reason instanceof AccessRefusal) this.#user = reason.user;
    if (isOwnFailure(reason)) this.surface.parts.log("error", `${this.route.operation}: ${messageOf(reason)}`);
    try {
      await this.#finish([this.#subject()], () => ({ status, resultCount: 0, error: auditText(reason) }));
      return reason;
    } catch (unwritten) {
      return unwritten;
    }
  }

  async #finish(subjects: readonly (Touched | undefined)[], outcomeOf: (subject?: Touched) => Outcome): Promise<void> {
    try {
      for (const subject of subjects) await this.#record(subject, outcomeOf(subject));
    } catch (reason) {
      if (!this.#isAnnounced) throw reason; // AuditLog has told the service log why
    }
  }

  #subject(): Touched | undefined {
    return this.#call?.subject;
  }

  #record(subject: Touched | undefined, outcome: Outcome): Promise<void> {
    const { audit, clock } = this.surface.parts;
    return audit.record({
      time: clock.now(),
      user: this.#user,
      method: this.route.operation,
      topK: null,
      sourceIp: this.#client ?? this.request.peerAddress,
      latencyMs: clock.monotonic() - this.#startedAt,
      ...subject && { resource: resourceText(subject.resource), version: subject.version },
      ...outcome,
    });
  }
}

function credentialsOf(request: HttpRequest): Credentials {
  return {
    authorization: request.header("authorization"),
    service: request.header("x-service"),
    token: request.header("x-token"),
  };
}

const DENIALS = ["UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"];

function isDenial(reason: unknown): boolean {
  return reason instanceof AccessRefusal || reason instanceof VaultError && DENIALS.includes(reason.code);
}

/** What the caller can do nothing about. */
function isOwnFailure(reason: unknown): boolean {
  if (reason instanceof VaultError) return ["INTERNAL", "UNAVAILABLE", "DATA_LOSS"].includes(reason.code);
  return !(reason instanceof Error) || ["Error", "TypeError", "RangeError"].includes(reason.name);
}

/** The log tells a refusal from an absence, which the caller cannot. */
function auditText(reason: unknown): string {
  if (reason instanceof AccessRefusal && reason.kind === "hidden") return "forbidden (looks absent to the caller)";
  return isOwnFailure(reason) && !(reason instanceof VaultError) ? "internal error" : messageOf(reason);
}
