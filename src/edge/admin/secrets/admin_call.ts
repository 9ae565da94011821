import type { AuditEntry } from "#domain/audit/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import { Fields } from "../../rest/secrets/fields.ts";
import { type JsonValue, parseJson, wipeJson } from "../../rest/secrets/json/mod.ts";
import type { Reply } from "../reply.ts";
import type { Call, Route } from "../router.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";

/** Who comes by the socket, in records and in the audit log. */
export const ADMIN = "admin";
const SOURCE = "unix:admin";

/** What a call was about, for its audit line. */
export interface Subject {
  /** `secret:project:path`, or `secret:project:*`. */
  readonly resource?: string;
  readonly version?: number;
  readonly resultCount?: number;
}

export interface BodySize {
  readonly maxBytes?: number;
  readonly maxValues?: number;
}

/** One call of the engine's administration; its body is wiped when it is over. */
export class AdminCall implements Disposable {
  subject: Subject = {};
  /** In the place of `subject` where a call was about several things. */
  subjects: readonly Subject[] = [];
  readonly #call: Call;
  readonly #announce: () => Promise<void>;
  #body: JsonValue = null;

  constructor(call: Call, announce: () => Promise<void>) {
    this.#call = call;
    this.#announce = announce;
  }

  /** The name in the path. */
  get name(): string {
    return this.#call.name;
  }

  /** @throws {FieldErrors} {JsonError} {HttpError} */
  async fields({ maxBytes, maxValues }: BodySize = {}): Promise<Fields> {
    const bytes = await this.#call.bytes(maxBytes);
    try {
      this.#body = bytes.length === 0 ? new Map() : parseJson(bytes, maxValues);
    } finally {
      bytes.fill(0);
    }
    return new Fields(this.#body);
  }

  /** The items of a list, which is all that the body has of interest; none when it is absent. */
  async values(name: string, size?: BodySize): Promise<readonly JsonValue[]> {
    const fields = await this.fields(size);
    if (!fields.has(name)) return [];
    const list = this.#body instanceof Map ? this.#body.get(name) : undefined;
    if (!Array.isArray(list)) fields.note("list", name);
    fields.check();
    return list;
  }

  /** The same, of objects. */
  async list(name: string): Promise<Fields[]> {
    return (await this.values(name)).map((item) => new Fields(item));
  }

  /** For what changes something: the audit log knows of it before it happens, or it does not happen. */
  async change(subject: Subject): Promise<void> {
    this.subject = subject;
    await this.#announce();
  }

  [Symbol.dispose](): void {
    wipeJson(this.#body);
  }
}

type Handle = (call: AdminCall) => Reply | Promise<Reply>;

/** A route whose every call is in the audit log before anyone sees its answer. */
export function audited(
  admin: Pick<SecretsAdmin, "audit" | "clock">,
  operation: string,
  handle: Handle,
): Route["handle"] {
  return (call) => new AuditedAdminCall(admin, operation).run(call, handle);
}

class AuditedAdminCall {
  readonly #startedAt: number;
  #isAnnounced = false;
  #call: AdminCall | undefined;

  constructor(readonly admin: Pick<SecretsAdmin, "audit" | "clock">, readonly operation: string) {
    this.#startedAt = admin.clock.monotonic();
  }

  async run(call: Call, handle: Handle): Promise<Reply> {
    using own = this.#call = new AdminCall(call, () => this.#announce());
    let reply: Reply;
    try {
      reply = await handle(own);
    } catch (reason) {
      await this.#finish({ status: "error", error: auditText(reason) });
      throw reason;
    }
    try {
      await this.#finish({ status: "success" });
      return reply;
    } catch (reason) {
      reply.onSent?.(); // nobody gets it
      throw reason;
    }
  }

  async #announce(): Promise<void> {
    await this.#record({ status: "started" }, this.#call!.subject);
    this.#isAnnounced = true;
  }

  /** A change that was made is not taken back for the second line; AuditLog has told the service log why. */
  async #finish(outcome: Pick<AuditEntry, "status" | "error">): Promise<void> {
    const { subject, subjects } = this.#call!;
    try {
      for (const one of subjects.length > 0 ? subjects : [subject]) await this.#record(outcome, one);
    } catch (reason) {
      if (!this.#isAnnounced) throw reason;
    }
  }

  async #record(outcome: Pick<AuditEntry, "status" | "error">, subject: Subject): Promise<void> {
    const { audit, clock } = this.admin, { resource, version, resultCount = 1 } = subject;
    await audit.record({
      time: clock.now(),
      user: ADMIN,
      method: this.operation,
      topK: null,
      resultCount: outcome.status === "success" ? resultCount : 0,
      sourceIp: SOURCE,
      latencyMs: clock.monotonic() - this.#startedAt,
      resource,
      version,
      ...outcome,
    });
  }
}

function auditText(reason: unknown): string {
  const isOurs = reason instanceof VaultError || reason instanceof Error && /^(Field|Json|Http)/.test(reason.name);
  return isOurs ? messageOf(reason) : "internal error";
}
