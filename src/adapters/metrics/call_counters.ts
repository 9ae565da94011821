import { Counter, Histogram, type Registry } from "prom-client";
import { STATUS_CODES } from "#errors/mod.ts";
import { AUTH_FAILURES, type EndedCall, VAULT_METHODS } from "#ports/metrics.ts";

/** One ciphertext takes 15 µs, the largest message seconds; 0.2 and 0.5 s are limits of contract runevault.md 9.5. */
const LATENCY_BUCKETS = [
  ...[0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005],
  ...[0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10],
];
const UNKNOWN_USER = "unknown";

/** Counters of what callers do. Series with fixed label values start at 0, so that the first event is a step too. */
export class CallCounters {
  readonly authAttempts: Counter;
  readonly authFailures: Counter<"reason">;
  readonly rateLimitRefusals: Counter;
  readonly ciphertexts: Counter;
  readonly rows: Counter;
  readonly envelopes: Counter;
  readonly auditFailures: Counter;
  readonly httpRequests: Counter<"route" | "status">;
  readonly #decryptions: Counter<"user">;
  readonly #decryptionErrors: Counter<"user">;
  readonly #latency: Histogram;
  readonly #requests: Counter<"method" | "code">;
  readonly #payloadErrors: Counter<"method">;
  /** Users with series of their own; undefined where no series carries a user. */
  readonly #users: Set<string> | undefined;

  constructor(registry: Registry, { userLabel }: { userLabel: boolean }) {
    const counter = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Counter({ name: `vault_${name}_total`, help, labelNames, registers: [registry] });
    const user = userLabel ? ["user"] as const : [];
    this.#users = userLabel ? new Set() : undefined;
    this.#decryptions = counter(
      "decryption_requests",
      "DecryptScores and DecryptMetadata calls, refused ones too.",
      user,
    );
    this.#decryptionErrors = counter(
      "decryption_errors",
      "Of these, the calls that were let in and got no result: payloads at fault and failures of the vault.",
      user,
    );
    this.#latency = latencyHistogram(registry);
    this.#requests = counter("grpc_requests", "Calls of the vault's methods by gRPC status code.", ["method", "code"]);
    this.#payloadErrors = counter("payload_errors", "Calls answered OK with a payload's fault in `error`.", ["method"]);
    this.authAttempts = counter("auth_attempts", "Tokens checked, over gRPC and HTTP.");
    this.authFailures = counter("auth_failures", "Tokens refused, by reason.", ["reason"]);
    this.rateLimitRefusals = counter("rate_limit_refusals", "Calls refused by a role's rate limit.");
    this.ciphertexts = counter("decrypted_ciphertexts", "Score ciphertexts decrypted, of calls that succeeded.");
    this.rows = counter("decrypted_rows", "Scores in them, of which callers get the best.");
    this.envelopes = counter("decrypted_envelopes", "Metadata envelopes decrypted, of calls that succeeded.");
    this.auditFailures = counter("audit_failures", "Entries that an audit sink did not take.");
    this.httpRequests = counter("http_requests", "HTTP/1.1 requests by route and status.", ["route", "status"]);
    this.#startAtZero();
  }

  callEnded({ method, code, isPayloadFault, isDenied, user, seconds }: EndedCall): void {
    this.#requests.inc({ method, code });
    if (isPayloadFault) this.#payloadErrors.inc({ method });
    if (method === "GetPublicKey") return;
    const labels = this.#labelsOf(user);
    this.#decryptions.inc(labels);
    if (isDenied) return;
    this.#latency.observe(seconds);
    if (isPayloadFault || code !== "OK") this.#decryptionErrors.inc(labels);
  }

  /** Drops the series of users who have no token any more: the number of series stays that of the tokens. */
  forgetUsersExcept(known: ReadonlySet<string>): void {
    for (const user of this.#users?.difference(known) ?? []) {
      this.#users!.delete(user);
      for (const counter of [this.#decryptions, this.#decryptionErrors]) counter.remove({ user });
    }
  }

  #labelsOf(user = UNKNOWN_USER): { user?: string } {
    if (!this.#users) return {};
    if (user !== UNKNOWN_USER) this.#users.add(user);
    return { user };
  }

  #startAtZero(): void {
    for (const method of VAULT_METHODS) {
      for (const code of ["OK", ...STATUS_CODES]) this.#requests.inc({ method, code }, 0);
      this.#payloadErrors.inc({ method }, 0);
    }
    for (const reason of AUTH_FAILURES) this.authFailures.inc({ reason }, 0);
  }
}

function latencyHistogram(registry: Registry): Histogram {
  return new Histogram({
    name: "vault_decryption_latency_seconds",
    help: "From the arrival of the message to the answer of decryption calls that were let in.",
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
}
