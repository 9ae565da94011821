import { status } from "@grpc/grpc-js";
import { messageOf, VaultError } from "#errors/mod.ts";

/** What grpc-js sends as the end of a failed call. */
export interface FailedStatus {
  readonly code: status;
  readonly details: string;
}

/** The one place where a failure becomes a gRPC status. */
export function toStatus(reason: unknown): FailedStatus {
  const code = reason instanceof VaultError ? status[reason.code] : status.INTERNAL;
  // grpc-js percent-encodes the details and throws on half a surrogate pair.
  return { code, details: messageOf(reason).toWellFormed() };
}
