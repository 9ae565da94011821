/**
 * The JSON envelopes around FHE keys, in the vendor's form: contract fhe.md section 2.
 *
 * Key bytes stay in byte arrays, which the caller wipes: JavaScript strings cannot be wiped.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { messageOf, PayloadError } from "#errors/mod.ts";
import { decodeBase64, encodeBase64, isStrictBase64 } from "./base64.ts";
import { checkKeyPayload, type KeyName } from "./key_payload.ts";

/** The only key id that a vault has. */
export const KEY_ID = "vault-key";

const LIFETIME_MS = 43_800 * 3_600_000;
const KINDS = {
  SecKey: { format: "seckey", role: "decryption key", usage: "vector_search", part: "sec", evalMode: "" },
  EncKey: { format: "enckey", role: "encryption key", usage: "vector_search", part: "enc", evalMode: "" },
  EvalKey: { format: "evalkey", role: "evaluation key", usage: "evaluation", part: "eval", evalMode: "RMP" },
} as const;

// As text: P and Q exceed 2^53, and 24.0 must keep its ".0".
const PARAMETER =
  `{"DB_SCALE_FACTOR":24.0,"P":36028797014376449,"Q":2251799813554177,"QUERY_SCALE_FACTOR":24.0,"preset":"IP0"}`;
const PROVIDER = `{"provider_version":"1","type":"LOCAL","version_id":"","wrap_alg":""}`;
const REQUESTER = `{"entity":"user@tenantA","method":"api/system/cli","type":"service/automated"}`;

/**
 * Wraps a raw key.
 *
 * @param createdAt Milliseconds since 1970-01-01T00:00:00Z; written in whole seconds.
 * @returns Compact JSON with sorted keys and no final newline; holds the key, so wipe it after use.
 */
export function writeKeyEnvelope(name: KeyName, payload: Uint8Array, createdAt: number): Uint8Array<ArrayBuffer> {
  const { format, role, usage, part, evalMode } = KINDS[name];
  const created = timestamp(createdAt), expires = timestamp(createdAt + LIFETIME_MS);
  const bound = `{"created_at":"${created}","expires_at":"${expires}","format_version":1,"kid":"${KEY_ID}",` +
    `"provider_meta":${PROVIDER},"requester":${REQUESTER},"usage":"${usage}"}`;
  const before = `{"aad":{"type":"SHA256","value":"${sha256(bound)}"},"created_at":"${created}",` +
    `"entries":[{"hash":"${sha256(payload)}","key_data":"`;
  const after = `","metadata":{"eval_mode":"${evalMode}","parameter":${PARAMETER}},"name":"${format}",` +
    `"role":"${role}"}],"expires_at":"${expires}","format":"${format}","format_version":1,` +
    `"integrity":{"type":"SHA256","value":"${sha256(`${KEY_ID}:${part}:integrity`)}"},"key_version":"1",` +
    `"kid":"${KEY_ID}","provider_meta":${PROVIDER},"requester":${REQUESTER},` +
    `"state":{"reason":null,"updated_at":"${created}","value":"active"},"usage":"${usage}"}`;
  const encoded = encodeBase64(payload);
  const envelope = join(before, encoded, after);
  encoded.fill(0);
  return envelope;
}

/**
 * Unwraps and checks a key.
 *
 * @param file The file's name, for errors.
 * @param text The envelope; not changed.
 * @returns The raw key; wipe it after use.
 * @throws {PayloadError} naming the file and the reason, never quoting key bytes.
 */
export function readKeyEnvelope(name: KeyName, file: string, text: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    const { entry, keyData } = openEnvelope(name, text);
    if (keyData.length === 0) throw new PayloadError("entries[0] has no key_data");
    if (!isStrictBase64(keyData)) throw new PayloadError("entries[0].key_data is not valid base64");
    const payload = decodeBase64(keyData);
    try {
      if (sha256(payload) !== entry.hash) {
        throw new PayloadError("entries[0].hash does not match key_data: the file is damaged");
      }
      checkKeyPayload(name, payload);
    } catch (reason) {
      payload.fill(0);
      throw reason;
    }
    return payload;
  } catch (reason) {
    throw new PayloadError(`${file}: ${messageOf(reason)}`);
  }
}

/** Parses all of the envelope but the key: that is cut out first, so that no string ever holds it. */
function openEnvelope(name: KeyName, text: Uint8Array): { entry: { hash?: unknown }; keyData: Uint8Array } {
  const [start, end] = findKeyData(text);
  const entry = readEntry(name, text.subarray(0, start), text.subarray(end));
  return { entry, keyData: text.subarray(start, end) };
}

/**
 * The entry of the key, from an envelope without its key_data.
 *
 * @param before The envelope up to key_data's text. @param after From the end of that text.
 * @throws {PayloadError} when the rest is not an envelope of such a key; quotes nothing of it.
 */
export function readEntry(name: KeyName, before: Uint8Array, after: Uint8Array): { hash?: unknown } {
  const rest = new Uint8Array(before.length + after.length);
  rest.set(before);
  rest.set(after, before.length);
  const envelope = parseJson(rest);
  const entries: unknown = envelope.entries;
  if (!Array.isArray(entries) || entries.length === 0) throw new PayloadError("the envelope has no entries");
  if (envelope.format !== KINDS[name].format) {
    throw new PayloadError(`the envelope's format is not '${KINDS[name].format}'`);
  }
  if (entries[0]?.key_data !== "") throw new PayloadError("entries[0] has no key_data");
  return entries[0];
}

function parseJson(text: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's own text quotes what it read.
  }
  throw new PayloadError("the envelope is not a JSON object");
}

const KEY_DATA = new TextEncoder().encode(`"key_data"`);
const [QUOTE, COLON, SPACE] = new TextEncoder().encode(`": `);

/** Where the first key_data text starts and ends, both 0 where there is none. */
function findKeyData(text: Uint8Array): [start: number, end: number] {
  const start = keyDataStart(text), end = start < 0 ? -1 : text.indexOf(QUOTE, start);
  return end < 0 ? [0, 0] : [start, end];
}

/** Where the first key_data text starts, -1 where there is none. */
export function keyDataStart(text: Uint8Array): number {
  for (let at = text.indexOf(QUOTE); at >= 0; at = text.indexOf(QUOTE, at + 1)) {
    if (!KEY_DATA.every((code, i) => text[at + i] === code)) continue;
    let start = at + KEY_DATA.length;
    while (text[start] === COLON || text[start] === SPACE) start++;
    return text[start] === QUOTE ? start + 1 : -1;
  }
  return -1;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("base64");
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function join(before: string, middle: Uint8Array, after: string): Uint8Array<ArrayBuffer> {
  const [head, tail] = [new TextEncoder().encode(before), new TextEncoder().encode(after)];
  const whole = new Uint8Array(head.length + middle.length + tail.length);
  whole.set(head);
  whole.set(middle, head.length);
  whole.set(tail, head.length + middle.length);
  return whole;
}
