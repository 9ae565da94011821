/**
 * The work of the three methods, steps 7 to 9 of a call (contract runevault.md 1.3, 1.7 to 1.9).
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { escapeNonAscii } from "#domain/ascii_json.ts";
import { KEY_ID, type PublicKeys, type ScoreDecryptor } from "#domain/fhe/mod.ts";
import { deriveAgentKey, type MetadataDecryptor } from "#domain/metadata/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { AuditedCall } from "./audited_call.ts";
import { DecryptScoresResponseSchema } from "./gen/vault_service_pb.ts";
import { MessageParts, type VaultRequest, writeKeyBundle, writePlaintexts } from "./wire.ts";

/** What the methods work with. */
export interface VaultWork {
  readonly scores: ScoreDecryptor;
  readonly metadata: MetadataDecryptor;
  readonly publicKeys: PublicKeys;
  /** What the key bundle tells besides keys; empty texts where not configured. */
  readonly bundle: {
    readonly teamSecret: string;
    readonly indexName: string;
    readonly endpoint: string;
    readonly apiKey: string;
  };
}

export async function decryptScores(call: AuditedCall, request: VaultRequest, work: VaultWork): Promise<MessageParts> {
  const { role } = call.authorize();
  const { blob, topK } = request;
  if (topK > role.topK) {
    throw new VaultError("INVALID_ARGUMENT", `top_k ${topK} exceeds limit ${role.topK} for role '${role.name}'`);
  }
  const scores = await work.scores.topScores(blob, topK);
  call.resultCount = scores.length;
  const results = scores.map((score) => ({ $typeName: "rune.vault.v1.ScoreEntry" as const, ...score }));
  return new MessageParts([toBinary(DecryptScoresResponseSchema, create(DecryptScoresResponseSchema, { results }))]);
}

export async function decryptMetadata(
  call: AuditedCall,
  request: VaultRequest,
  work: VaultWork,
): Promise<MessageParts> {
  call.authorize();
  const plaintexts = await work.metadata.decryptAll(request.envelopes);
  call.resultCount = plaintexts.length;
  request.envelopes = []; // up to 256 MiB go before the response takes as much
  return writePlaintexts(plaintexts);
}

export async function getPublicKey(call: AuditedCall, _request: VaultRequest, work: VaultWork): Promise<MessageParts> {
  const { holder } = call.authorize();
  const { teamSecret, indexName, endpoint, apiKey } = work.bundle;
  if (teamSecret === "") throw new VaultError("INTERNAL", "team secret not configured");
  const agentKey = deriveAgentKey(teamSecret, holder.agentId);
  const [encKey, evalKey] = await Promise.all([
    work.publicKeys.literalOf("EncKey.json"),
    work.publicKeys.literalOf("EvalKey.json"),
  ]);
  const bundle = writeKeyBundle(jsonObject([
    ["EncKey.json", encKey],
    ["EvalKey.json", evalKey],
    ["index_name", indexName === "" ? undefined : literal(indexName)],
    ["key_id", literal(KEY_ID)],
    ["agent_id", literal(holder.agentId)],
    ["agent_dek", literal(agentKey.toBase64())],
    ["envector_endpoint", literal(endpoint || null)],
    ["envector_api_key", literal(apiKey || null)],
  ]));
  agentKey.fill(0);
  call.resultCount = 1;
  return bundle;
}

/** The parts of a JSON object, fields without a value left out, in the original vault's spacing. */
function jsonObject(fields: readonly (readonly [name: string, literal: Uint8Array | undefined])[]): Uint8Array[] {
  const present = fields.flatMap(([name, value]) => value === undefined ? [] : [{ name, value }]);
  const text = (raw: string) => new TextEncoder().encode(raw);
  const members = present.flatMap(({ name, value }, i) => [text(`${i === 0 ? "{" : ", "}"${name}": `), value]);
  return [...members, text("}")];
}

function literal(value: string | null): Uint8Array {
  return new TextEncoder().encode(escapeNonAscii(JSON.stringify(value)));
}
