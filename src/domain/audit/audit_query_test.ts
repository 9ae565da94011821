import assert from "node:assert/strict";
import { type AuditEntry, formatAuditEntry } from "./audit_entry.ts";
import { matchesQuery, parseAuditLine } from "./audit_query.ts";

const TIME = Date.UTC(2026, 10, 22, 2, 53, 58, 307);
const ENTRY: AuditEntry = {
  time: TIME,
  user: "jürgen",
  method: "decrypt_scores",
  topK: 5,
  resultCount: 5,
  status: "success",
  sourceIp: "10.0.0.1",
  latencyMs: 5,
};
const RECORD = parseAuditLine(formatAuditEntry(ENTRY))!;

for (
  const { query, want } of [
    { query: {}, want: true },
    { query: { user: "jürgen", method: "decrypt_scores", status: "success", since: TIME }, want: true },
    { query: { user: "jurgen" }, want: false },
    { query: { method: "decrypt" }, want: false },
    { query: { status: "denied" }, want: false },
    { query: { since: TIME + 1 }, want: false },
  ]
) {
  Deno.test(`matchesQuery() of ${JSON.stringify(query)} is ${want}`, () =>
    assert.equal(matchesQuery(RECORD, query), want));
}

const SECRET = parseAuditLine(
  formatAuditEntry({ ...ENTRY, method: "secret_get", topK: null, resource: "secret:app:prod/key", version: 3 }),
)!;

for (
  const { resource, want } of [
    { resource: "secret:app:prod/key", want: true },
    { resource: "secret:app:prod/ke", want: false },
    { resource: "secret:app:prod/*", want: true },
    { resource: "secret:app:*", want: true },
    { resource: "*", want: true },
    { resource: "secret:app2:*", want: false },
    { resource: "secret:*:prod/key", want: false },
    { resource: "", want: false },
  ]
) {
  Deno.test(`matchesQuery() by resource ${JSON.stringify(resource)} is ${want}`, () => {
    assert.equal(matchesQuery(SECRET, { resource }), want);
    assert.equal(matchesQuery(RECORD, { resource }), false, "an entry without a resource is about none");
  });
}

Deno.test("matchesQuery() by resource takes a line that somebody wrote by hand", () => {
  const record = parseAuditLine('{"timestamp":"2026-11-22","method":"secret_get","resource":7}')!;
  assert.equal(matchesQuery(record, { resource: "*" }), false);
});

Deno.test("parseAuditLine() gives resource and version back", () => {
  assert.deepEqual([SECRET.resource, SECRET.version], ["secret:app:prod/key", 3]);
});

for (const line of ["", "{", "null", "7", "[]", '{"method":"decrypt_scores"}', formatAuditEntry(ENTRY).slice(0, 80)]) {
  Deno.test(`parseAuditLine() does not take ${JSON.stringify(line)} for an entry`, () => {
    assert.equal(parseAuditLine(line), undefined);
  });
}
