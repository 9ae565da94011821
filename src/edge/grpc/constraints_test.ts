import assert from "node:assert/strict";
import { checkDecryptMetadata, checkDecryptScores, checkGetPublicKey } from "./constraints.ts";
import type { VaultRequest } from "./wire.ts";

const TOKEN = "evt_0000000000000000000000000000demo";
const bytes = (text: string) => new TextEncoder().encode(text);
const request = (fields: Partial<Record<"token" | "blob", string>> & { topK?: number; items?: string[] }) => ({
  token: bytes(fields.token ?? TOKEN).slice(0, 148),
  blob: bytes(fields.blob ?? "AAAA"),
  topK: fields.topK ?? 5,
  envelopes: (fields.items ?? ["{}", "{}"]).map(bytes),
} satisfies VaultRequest);

const TOO_SHORT = "token: must be at least 36 characters";
const TOO_LONG = "token: must be at most 36 characters";
const BAD_TOP_K = "top_k: must be greater than or equal to 1 and less than or equal to 300";
const CONTROL = "token: must not contain control characters";
const SPACE = "token: must not have leading or trailing whitespace";

for (
  const { name, check, fields, want } of [
    { name: "takes a token of 36", check: checkGetPublicKey, fields: {} },
    { name: "takes 36 code points", check: checkGetPublicKey, fields: { token: "\u{1f600}".repeat(36) } },
    { name: "refuses an empty token", check: checkGetPublicKey, fields: { token: "" }, want: TOO_SHORT },
    { name: "refuses evt_short", check: checkGetPublicKey, fields: { token: "evt_short" }, want: TOO_SHORT },
    { name: "refuses a token of 37", check: checkGetPublicKey, fields: { token: `${TOKEN}x` }, want: TOO_LONG },
    {
      name: "refuses 37 code points",
      check: checkGetPublicKey,
      fields: { token: "\u{1f600}".repeat(37) },
      want: TOO_LONG,
    },
    {
      name: "refuses a token of 8 MiB",
      check: checkGetPublicKey,
      fields: { token: "x".repeat(8 << 20) },
      want: TOO_LONG,
    },
    { name: "takes a valid request", check: checkDecryptScores, fields: {} },
    { name: "takes top_k 1", check: checkDecryptScores, fields: { topK: 1 } },
    { name: "takes top_k 300", check: checkDecryptScores, fields: { topK: 300 } },
    { name: "refuses top_k 0", check: checkDecryptScores, fields: { topK: 0 }, want: BAD_TOP_K },
    { name: "refuses top_k -1", check: checkDecryptScores, fields: { topK: -1 }, want: BAD_TOP_K },
    { name: "refuses top_k 301", check: checkDecryptScores, fields: { topK: 301 }, want: BAD_TOP_K },
    {
      name: "refuses an empty blob",
      check: checkDecryptScores,
      fields: { blob: "" },
      want: "encrypted_blob_b64: must be at least 1 characters",
    },
    {
      name: "names all that is wrong in field order",
      check: checkDecryptScores,
      fields: { token: "", blob: "", topK: 0 },
      want: `${TOO_SHORT}; encrypted_blob_b64: must be at least 1 characters; ${BAD_TOP_K}`,
    },
    { name: "takes two items", check: checkDecryptMetadata, fields: {} },
    { name: "takes 1000 items", check: checkDecryptMetadata, fields: { items: Array(1000).fill("x") } },
    {
      name: "refuses an empty list",
      check: checkDecryptMetadata,
      fields: { items: [] },
      want: "encrypted_metadata_list: must contain at least 1 item(s)",
    },
    {
      name: "refuses an empty item",
      check: checkDecryptMetadata,
      fields: { items: ["x", ""] },
      want: "encrypted_metadata_list[1]: must be at least 1 characters",
    },
    {
      name: "refuses 1001 items",
      check: checkDecryptMetadata,
      fields: { items: Array(1001).fill("x") },
      want: "encrypted_metadata_list: must contain no more than 1000 item(s)",
    },
    { name: "refuses NUL", check: checkGetPublicKey, fields: { token: TOKEN.replace("e", "\0") }, want: CONTROL },
    { name: "refuses U+0001", check: checkGetPublicKey, fields: { token: TOKEN.replace("e", "\x01") }, want: CONTROL },
    { name: "refuses U+001F", check: checkGetPublicKey, fields: { token: TOKEN.replace("e", "\x1f") }, want: CONTROL },
    { name: "refuses a tab", check: checkGetPublicKey, fields: { token: TOKEN.replace("e", "\t") }, want: CONTROL },
    { name: "refuses a newline", check: checkGetPublicKey, fields: { token: TOKEN.replace("e", "\n") }, want: CONTROL },
    { name: "refuses DEL", check: checkGetPublicKey, fields: { token: TOKEN.replace("e", "\x7f") }, want: CONTROL },
    { name: "refuses a leading space", check: checkGetPublicKey, fields: { token: ` ${TOKEN.slice(1)}` }, want: SPACE },
    {
      name: "refuses a trailing space",
      check: checkGetPublicKey,
      fields: { token: `${TOKEN.slice(1)} ` },
      want: SPACE,
    },
    {
      name: "refuses an outer NO-BREAK SPACE",
      check: checkGetPublicKey,
      fields: { token: `${TOKEN.slice(1)}\u00a0` },
      want: SPACE,
    },
  ] as { name: string; check: typeof checkGetPublicKey; fields: Parameters<typeof request>[0]; want?: string }[]
) {
  Deno.test(`${check.name}() ${name}`, () => {
    if (want === undefined) return assert.equal(check(request(fields)), fields.token ?? TOKEN);
    assert.throws(() => check(request(fields)), { code: "INVALID_ARGUMENT", message: want });
  });
}

Deno.test("checkDecryptMetadata() keeps the text of a thousand faults within a header", () => {
  assert.throws(() => checkDecryptMetadata(request({ items: Array(1000).fill("") })), (reason: Error) => {
    assert.match(reason.message, /^encrypted_metadata_list\[0\]: must be at least 1 characters; .*; \.\.\.$/);
    return reason.message.length <= 4100;
  });
});
