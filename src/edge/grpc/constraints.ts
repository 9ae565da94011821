/**
 * Steps 1 and 2 of a call: the buf.validate constraints of proto/vault_service.proto, evaluated by protovalidate, then
 * the run-time checks of the token (contract runevault.md 1.2 to 1.5).
 *
 * @module
 */
import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { VaultError } from "#errors/mod.ts";
import {
  DecryptMetadataRequestSchema,
  DecryptScoresRequestSchema,
  GetPublicKeyRequestSchema,
} from "./gen/vault_service_pb.ts";
import type { VaultRequest } from "./wire.ts";

// The text goes into a header field: clients refuse one of more than 8 KiB.
const MAX_DETAILS = 4096;
const OUTER_WHITESPACE = /^\p{White_Space}|\p{White_Space}$/u;

const validator = createValidator();

/** @returns The token. @throws {VaultError} INVALID_ARGUMENT */
export function checkGetPublicKey({ token: bytes }: VaultRequest): string {
  const token = tokenText(bytes);
  return checked(GetPublicKeyRequestSchema, create(GetPublicKeyRequestSchema, { token }));
}

/** @returns The token. @throws {VaultError} INVALID_ARGUMENT */
export function checkDecryptScores({ token: bytes, blob, topK }: VaultRequest): string {
  const token = tokenText(bytes), encryptedBlobB64 = standIn(blob);
  return checked(DecryptScoresRequestSchema, create(DecryptScoresRequestSchema, { token, encryptedBlobB64, topK }));
}

/** @returns The token. @throws {VaultError} INVALID_ARGUMENT */
export function checkDecryptMetadata({ token: bytes, envelopes }: VaultRequest): string {
  const token = tokenText(bytes), encryptedMetadataList = envelopes.map(standIn);
  return checked(DecryptMetadataRequestSchema, create(DecryptMetadataRequestSchema, { token, encryptedMetadataList }));
}

function tokenText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Payload texts have no rule but to be not empty; counting the code points of a 21 MB blob takes 120 ms. */
function standIn(payload: Uint8Array): string {
  return payload.length > 0 ? "x" : "";
}

function checked<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc> & { token: string }): string {
  const result = validator.validate(schema, message);
  if (result.kind === "error") throw new VaultError("INTERNAL", result.error.message);
  if (result.kind === "invalid") {
    const texts = result.violations.map((violation) => `${pathToString(violation.field)}: ${violation.message}`);
    throw new VaultError("INVALID_ARGUMENT", joined(texts));
  }
  const { token } = message;
  if (hasControlCharacter(token)) {
    throw new VaultError("INVALID_ARGUMENT", "token: must not contain control characters");
  }
  if (OUTER_WHITESPACE.test(token)) {
    throw new VaultError("INVALID_ARGUMENT", "token: must not have leading or trailing whitespace");
  }
  return token;
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < " " || character === "\u007f");
}

function joined(texts: readonly string[]): string {
  const all = texts.join("; ");
  return all.length <= MAX_DETAILS ? all : `${all.slice(0, all.lastIndexOf("; ", MAX_DETAILS))}; ...`;
}
