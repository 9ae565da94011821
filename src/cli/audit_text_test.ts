import assert from "node:assert/strict";
import { auditText } from "./audit_text.ts";

const RECORD = {
  timestamp: "2026-11-22T02:54:01.120000+00:00",
  user_id: "bob",
  method: "decrypt_scores",
  top_k: 15,
  result_count: 0,
  status: "denied",
  source_ip: "10.0.0.2",
  latency_ms: 0.13,
  error: "top_k 15 exceeds limit 10 for role 'member'",
};

for (
  const { name, change, want } of [
    {
      name: "shows a refusal with its reason",
      change: {},
      want: "2026-11-22T02:54:01.120000+00:00 bob              decrypt_scores   denied     0/15 10.0.0.2             " +
        "0.13ms  top_k 15 exceeds limit 10 for role 'member'",
    },
    {
      name: "ends a success with its time",
      change: {
        method: "get_public_key",
        top_k: null,
        result_count: 1,
        status: "success",
        latency_ms: 5,
        error: undefined,
      },
      want:
        "2026-11-22T02:54:01.120000+00:00 bob              get_public_key   success       1 10.0.0.2                5ms",
    },
    {
      name: "shows what a call was about, and which version",
      change: { method: "secret_get", top_k: null, resource: "secret:app:key", version: 3, error: "forbidden" },
      want: "2026-11-22T02:54:01.120000+00:00 bob              secret_get       denied        0 10.0.0.2             " +
        "0.13ms  secret:app:key@3  forbidden",
    },
    {
      name: "keeps control characters from the terminal",
      change: { user_id: "a\x1b[2J\nb", error: "\u009b" },
      want:
        "2026-11-22T02:54:01.120000+00:00 a\\x1b[2J\\nb          decrypt_scores   denied     0/15 10.0.0.2             " +
        "0.13ms  \\x9b",
    },
  ]
) {
  Deno.test(`auditText() ${name}`, () => assert.equal(auditText({ ...RECORD, ...change }), want));
}
