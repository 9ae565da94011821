import assert from "node:assert/strict";
import { type AuditEntry, formatAuditEntry } from "./audit_entry.ts";
import { AuditLog } from "./audit_log.ts";

const entry: AuditEntry = {
  time: Date.UTC(2026, 10, 22, 2, 53, 58, 307),
  user: "alice",
  method: "get_public_key",
  topK: null,
  resultCount: 1,
  status: "success",
  sourceIp: "10.0.0.1",
  latencyMs: 5,
};

Deno.test("formatAuditEntry() writes the fields in order, without spaces and without an error", () => {
  assert.equal(
    formatAuditEntry(entry),
    `{"timestamp":"2026-11-22T02:53:58.307000+00:00","user_id":"alice","method":"get_public_key","top_k":null,` +
      `"result_count":1,"status":"success","source_ip":"10.0.0.1","latency_ms":5}`,
  );
});

Deno.test("formatAuditEntry() writes resource and version after the contract's fields", () => {
  const of = (change: Partial<AuditEntry>) => formatAuditEntry({ ...entry, method: "secret_get", ...change });
  const tail = (line: string) => line.slice(line.indexOf('"latency_ms"'));
  assert.equal(
    tail(of({ resource: "secret:app:key", version: 3 })),
    `"latency_ms":5,"resource":"secret:app:key","version":3}`,
  );
  assert.equal(
    tail(of({ error: "forbidden", resource: "secret:app:*" })),
    `"latency_ms":5,"error":"forbidden","resource":"secret:app:*"}`,
  );
});

Deno.test("formatAuditEntry() cuts an endless resource and escapes what is in it", () => {
  const line = formatAuditEntry({ ...entry, resource: `secret:é:a"\n${"x".repeat(10_000)}` });
  assert.ok(line.length < 1000);
  assert.equal(JSON.parse(line).resource.length, 512);
  assert.ok(line.includes('"resource":"secret:\\u00e9:a\\"\\n'), line);
});

for (
  const { name, change, want } of [
    { name: "leaves a zero fraction out", change: { time: Date.UTC(2026, 0, 1) }, want: `"2026-01-01T00:00:00+00:00"` },
    { name: "keeps an error", change: { error: "no" }, want: `,"error":"no"}` },
    { name: "keeps an empty error", change: { error: "" }, want: `,"error":""}` },
    { name: "escapes what is not ASCII", change: { user: "jü\u{1f600}" }, want: `"user_id":"j\\u00fc\\ud83d\\ude00"` },
    { name: "escapes line breaks", change: { user: "a\nb" }, want: `"user_id":"a\\nb"` },
    { name: "writes top_k", change: { topK: 15 }, want: `"top_k":15` },
    { name: "rounds 45.6789", change: { latencyMs: 45.6789 }, want: `"latency_ms":45.68` },
    { name: "rounds 45.6749", change: { latencyMs: 45.6749 }, want: `"latency_ms":45.67` },
    { name: "rounds 42.567", change: { latencyMs: 42.567 }, want: `"latency_ms":42.57` },
    { name: "rounds 0", change: { latencyMs: 0 }, want: `"latency_ms":0` },
    { name: "rounds -1.236", change: { latencyMs: -1.236 }, want: `"latency_ms":-1.24` },
  ]
) {
  Deno.test(`formatAuditEntry() ${name}`, () => {
    const line = formatAuditEntry({ ...entry, ...change });
    assert.ok(line.includes(want), line);
    assert.ok([...line].every((character) => character >= " " && character <= "~"), line);
  });
}

const broken = { write: () => Promise.reject(new Error("disk full")), close: () => Promise.resolve() };

Deno.test("AuditLog.record() refuses when a sink cannot be written", async () => {
  const warnings: string[] = [];
  const log = new AuditLog([broken], { failClosed: true, warn: (message) => warnings.push(message) });
  await assert.rejects(log.record(entry), { code: "INTERNAL", message: "audit unavailable" });
  assert.deepEqual(warnings, ["audit: disk full"]);
});

Deno.test("AuditLog.record() asks for durability of what announces a change, and of nothing else", async () => {
  const asked: boolean[] = [];
  const sink = {
    write: (_line: string, isDurable: boolean) => Promise.resolve(void asked.push(isDurable)),
    close: () => Promise.resolve(),
  };
  const log = new AuditLog([sink], { failClosed: true, warn: assert.fail });
  for (const status of ["started", "success", "denied", "error"] as const) await log.record({ ...entry, status });
  assert.deepEqual(asked, [true, false, false, false]);
});

Deno.test("AuditLog.record() goes on when told to", async () => {
  const warnings: string[] = [];
  await new AuditLog([broken], { failClosed: false, warn: (message) => warnings.push(message) }).record(entry);
  assert.equal(warnings.length, 1);
});

Deno.test("AuditLog.record() without sinks writes nothing", async () => {
  await new AuditLog([], { failClosed: true, warn: assert.fail }).record(entry);
});
