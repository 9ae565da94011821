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
  #subjects: readonly Subject[] = [{}];
  readonly #call: Call;
  readonly #announce: () => Promise<void>;
  #body: JsonValue = null;

  constructor(call: Call, announce: () => Promise<void>) {
    this.#call = call;
    this.#announce = announce;
  }

  /** What it was about, a line of the audit log each; never none. */
  get subjects(): readonly Subject[] {
    return this.#subjects;
  }

  set subjects(subjects: readonly Subject[]) {
    this.#subjects = subjects.length > 0 ? subjects : [{}];
  }

  get subject(): Subject {
    return this.#subjects[0];
  }

  set subject(subject: Subject) {
    this.#subjects = [subject];
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
  async change(...subjects: readonly Subject[]): Promise<void> {
    this.subjects = subjects;
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
    await this.#record({ status: "started" });
    this.#isAnnounced = true;
  }

  /** A change that was made is not taken back for the second line; AuditLog has told the service log why. */
  async #finish(outcome: Outcome): Promise<void> {
    try {
      await this.#record(outcome);
    } catch (reason) {
      if (!this.#isAnnounced) throw reason;
    }
  }

  async #record(outcome: Outcome): Promise<void> {
    for (const subject of this.#call!.subjects) {
      await recordAdmin(this.admin, { operation: this.operation, startedAt: this.#startedAt, subject, ...outcome });
    }
  }
}

type Outcome = Pick<AuditEntry, "status" | "error">;

interface AdminRecord extends Outcome {
  readonly operation: string;
  /** Of the monotonic clock. */
  readonly startedAt: number;
  readonly subject: Subject;
}

/** One line of the audit log about something that the socket asked for. @throws {VaultError} INTERNAL. */
export async function recordAdmin(
  { audit, clock }: Pick<SecretsAdmin, "audit" | "clock">,
  { operation, startedAt, subject: { resource, version, resultCount = 1 }, ...outcome }: AdminRecord,
): Promise<void> {
  await audit.record({
    time: clock.now(),
    user: ADMIN,
    method: operation,
    topK: null,
    resultCount: outcome.status === "success" ? resultCount : 0,
    sourceIp: SOURCE,
    latencyMs: clock.monotonic() - startedAt,
    resource,
    version,
    ...outcome,
  });
}

/** What the audit log says of an error. */
export function auditText(reason: unknown): string {
  const isOurs = reason instanceof VaultError || reason instanceof Error && /^(Field|Json|Http)/.test(reason.name);
  return isOurs ? messageOf(reason) : "internal error";
}
