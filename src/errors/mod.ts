/**
 * The two kinds of failure that the vault tells its callers about.
 *
 * @module
 */

/** The canonical status codes of gRPC (https://grpc.io/docs/guides/status-codes/) that the vault uses. */
export const STATUS_CODES = [
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "ABORTED",
  "DATA_LOSS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "UNAUTHENTICATED",
] as const;
export type StatusCode = (typeof STATUS_CODES)[number];

/** A refusal with a status code; `message` is what the caller reads, so it quotes no secret. */
export class VaultError extends Error {
  override readonly name = "VaultError";

  constructor(readonly code: StatusCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * A payload (blob, envelope, key file) that is not what it should be.
 * On gRPC it is an OK status with the text in `error`; it never quotes the payload.
 */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
}

/** The text of anything thrown. */
export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
