import { status } from "@grpc/grpc-js";
import { messageOf, VaultError } from "#errors/mod.ts";

/** The text travels percent-encoded in a header field, of which clients take 8 KiB: a user's name may be longer. */
const MAX_ENCODED_DETAILS = 6144;

/** What grpc-js sends as the end of a failed call. */
export interface FailedStatus {
  readonly code: status;
  readonly details: string;
}

/** The one place where a failure becomes a gRPC status. */
export function toStatus(reason: unknown): FailedStatus {
  const code = reason instanceof VaultError ? status[reason.code] : status.INTERNAL;
  // grpc-js percent-encodes the details and throws on half a surrogate pair.
  return { code, details: bounded(messageOf(reason).toWellFormed()) };
}

/** Whether the caller was refused (steps 2 to 8 of contract runevault.md 1.3); what the vault failed at is an error. */
export function isDenial(reason: unknown): boolean {
  return reason instanceof VaultError && reason.code !== "INTERNAL";
}

function bounded(details: string): string {
  // Each UTF-16 unit takes at most 9 characters.
  if (details.length * 9 <= MAX_ENCODED_DETAILS || encodeURI(details).length <= MAX_ENCODED_DETAILS) return details;
  let kept = "", length = "...".length;
  for (const character of details) {
    length += encodeURI(character).length;
    if (length > MAX_ENCODED_DETAILS) break;
    kept += character;
  }
  return `${kept}...`;
}
