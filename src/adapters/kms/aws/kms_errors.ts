import { VaultError } from "#errors/mod.ts";
import { AttemptsFailed } from "./retry.ts";

/** The record itself is not what the key wrapped: no later attempt and no change of rights will open it. */
const DAMAGED = ["InvalidCiphertextException", "IncorrectKeyException"];
/** Worth another attempt though the service blames the caller. */
const THROTTLED = ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"];
/** Worth another attempt whatever the status. */
const PASSING = [...THROTTLED, "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException"];

const WAYS_OUT: readonly (readonly [names: readonly string[], wayOut: string])[] = [
  [["AccessDeniedException"], "allow it in the key's policy or the role's"],
  [["NotFoundException"], "check the key id and the region"],
  [["DisabledException", "KMSInvalidStateException"], "enable the key"],
  [
    ["UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "InvalidClientTokenId"],
    "check the credentials and the clock",
  ],
];

interface ServiceAnswer {
  readonly name: string;
  readonly status: number | undefined;
}

/** Whether another attempt may succeed: throttling, errors of the service, and everything that broke on the way. */
export function isTransient(reason: unknown): boolean {
  // Of this side, and the same next time: a refusal of our own, a missing permission.
  if (reason instanceof VaultError || reason instanceof Deno.errors.NotCapable) return false;
  const { name, status } = answerOf(reason);
  if (PASSING.includes(name)) return true;
  return status === undefined || status === 429 || status >= 500 || status < 400;
}

/** Whether it is an answer of the service, though a refusal. */
export function isAnswer(reason: unknown): boolean {
  return answerOf(reason).status !== undefined;
}

/** Whether nothing came back from the service, in any attempt. */
export function isUnreachable(failure: unknown): boolean {
  const { name } = Object(failure instanceof AttemptsFailed ? failure.reason : undefined) as { name?: unknown };
  return name === "TimeoutError" || name === "TypeError";
}

/** The service knows the key, but not what rotations are: imported or asymmetric ones. */
export function knowsNoRotations(reason: unknown): boolean {
  return reason instanceof AttemptsFailed && answerOf(reason.reason).name === "UnsupportedOperationException";
}

/**
 * What the vault tells of a failed call: operation, key id and reason, none of the service's own words.
 *
 * @returns DATA_LOSS when the wrapped key is no key of that id and context, else UNAVAILABLE.
 */
export function toVaultError(failure: unknown, operation: string, keyId: string): VaultError {
  const { reason, attempts } = failure instanceof AttemptsFailed ? failure : { reason: failure, attempts: 1 };
  if (reason instanceof VaultError) return reason;
  const call = `${operation} with key '${keyId}'`, { name, status } = answerOf(reason);
  if (DAMAGED.includes(name)) return new VaultError("DATA_LOSS", `AWS KMS refused ${call}: ${name}`);
  if (isTransient(reason)) {
    const times = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    const why = status === undefined ? brokenWay(reason) : `${name}, status ${status}`;
    return new VaultError("UNAVAILABLE", `AWS KMS did not answer ${call} in ${times}: ${why}`);
  }
  if (reason instanceof Deno.errors.NotCapable) {
    return new VaultError("UNAVAILABLE", `AWS KMS cannot be asked for ${call}: no permission for its address`);
  }
  const wayOut = WAYS_OUT.find(([names]) => names.includes(name))?.[1];
  return new VaultError("UNAVAILABLE", `AWS KMS refused ${call}: ${name}${wayOut ? ` (${wayOut})` : ""}`);
}

function answerOf(reason: unknown): ServiceAnswer {
  const { name, $metadata } = Object(reason) as { name?: unknown; $metadata?: { httpStatusCode?: number } };
  // The name comes from the network and goes into messages and logs.
  const isName = typeof name === "string" && /^[A-Za-z0-9]{1,64}$/.test(name);
  return { name: isName ? name : "an unknown error", status: $metadata?.httpStatusCode };
}

function brokenWay(reason: unknown): string {
  const { name } = Object(reason) as { name?: unknown };
  if (name === "TimeoutError") return "timed out";
  if (name === "AbortError") return "closed";
  return name === "TypeError" ? "the connection failed" : "the answer cannot be read";
}
