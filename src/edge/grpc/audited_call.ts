import type { AuditEntry, AuditLog } from "#domain/audit/mod.ts";
import type { Holder, TokenService } from "#domain/tokens/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Role } from "#ports/state_store.ts";
import type { CallFacts } from "./observed_call.ts";
import { isDenial } from "./status_map.ts";
import { type MessageParts, writeError } from "./wire.ts";

type Outcome = Pick<AuditEntry, "resultCount" | "status" | "error">;

/** One call from authentication to its line in the audit log. */
export class AuditedCall {
  readonly #holder: Holder | undefined;
  readonly #startedAt: number;

  constructor(
    readonly parts: { readonly tokens: TokenService; readonly audit: AuditLog; readonly clock: Clock },
    readonly facts: { token: string; method: string; topK: number | null; sourceIp: string },
    readonly found: CallFacts,
  ) {
    this.#startedAt = parts.clock.monotonic();
    this.#holder = parts.tokens.find(facts.token);
    found.user = this.#holder?.user;
  }

  /** How many results the caller gets; set by the work. */
  set resultCount(count: number) {
    this.found.resultCount = count;
  }

  /** @throws {VaultError} when the caller may not, now. Consumes a slot of the rate limit. */
  authorize(): { holder: Holder; role: Role } {
    const role = this.parts.tokens.authorize(this.#holder, this.facts.method);
    return { holder: this.#holder!, role };
  }

  /**
   * Does the work and writes the audit line before anyone sees the result.
   *
   * @returns The response message: the work's, or one that carries a payload's fault in `error`.
   * @throws What becomes a gRPC status.
   */
  async run(work: () => Promise<MessageParts>): Promise<MessageParts> {
    let response: MessageParts;
    try {
      response = await work();
    } catch (reason) {
      await this.#record({ resultCount: 0, status: isDenial(reason) ? "denied" : "error", error: messageOf(reason) });
      if (!(reason instanceof PayloadError)) throw reason;
      this.found.isPayloadFault = true;
      return writeError(reason.message);
    }
    await this.#record({ resultCount: this.found.resultCount, status: "success" });
    return response;
  }

  #record(outcome: Outcome): Promise<void> {
    const { audit, clock } = this.parts, { method, topK, sourceIp } = this.facts;
    return audit.record({
      time: clock.now(),
      user: this.#holder?.user ?? "unknown",
      method,
      topK,
      sourceIp,
      latencyMs: clock.monotonic() - this.#startedAt,
      ...outcome,
    });
  }
}
