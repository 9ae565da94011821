/**
 * What the cloud's answers mean, in the texts of contract runevault.md 8.5.
 *
 * @module
 */
import { type ServiceError, status } from "@grpc/grpc-js";
import { messageOf } from "#errors/mod.ts";
import { CloudError, type CloudFailure } from "#ports/cloud.ts";
import { type ResponseHeader, ReturnCode } from "./gen/es2/es2_types_pb.ts";
import type { CalledMethod } from "./methods.ts";

/** What of the cloud's own words goes into an error. */
const MAX_TEXT = 512;

const FAILURES: Readonly<Record<number, CloudFailure>> = {
  [status.UNAUTHENTICATED]: "rejected",
  [status.PERMISSION_DENIED]: "rejected",
  [status.UNAVAILABLE]: "unreachable",
  [status.DEADLINE_EXCEEDED]: "unreachable",
};

/** A response without a header is a success. @throws {CloudError} for any return code but Success. */
export function checkHeader(rpc: CalledMethod, header: ResponseHeader | undefined, apiKey: string): void {
  if (header === undefined || header.returnCode === ReturnCode.Success) return;
  const code = ReturnCode[header.returnCode] ?? `return code ${header.returnCode}`;
  throw new CloudError("refused", `envector: ${rpc}: server returned ${code}: ${said(header.errorMessage, apiKey)}`);
}

/**
 * @param step `send` or `recv` of a stream.
 * @returns An error with gRPC's status and words.
 */
export function transportError(rpc: CalledMethod, reason: unknown, apiKey: string, step?: "send" | "recv"): CloudError {
  if (reason instanceof CloudError) return reason;
  const { code, details } = reason as Partial<ServiceError>;
  const where = `envector: ${rpc}${step === undefined ? "" : ` ${step}`}`;
  if (typeof code !== "number" || status[code] === undefined) {
    return new CloudError("refused", `${where}: ${said(messageOf(reason), apiKey)}`);
  }
  return new CloudError(FAILURES[code] ?? "refused", `${where}: ${status[code]}: ${said(details ?? "", apiKey)}`);
}

/** One line: a server may give back what it was sent, at any length, and what steers a terminal or turns text around. */
function said(text: string, apiKey: string): string {
  const withoutKey = apiKey === "" ? text : text.replaceAll(apiKey, "[REDACTED]");
  const plain = withoutKey.replace(/[\s\p{C}]+/gu, " ").replace(/ Resolution note: $/, "").trim();
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain;
}
