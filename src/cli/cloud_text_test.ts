import assert from "node:assert/strict";
import type { CloudJson } from "#edge/admin/admin_client.ts";
import { cloudFailed, cloudText } from "./cloud_text.ts";

const COMMON = { endpoint: "cloud.example:443", key_id: "vault-key", index: "team" };
const FAILED = { failure: "unreachable", why: "no\u001b[2J way" } as const;

for (
  const { cloud, text, failed } of [
    { cloud: { state: "registering" }, text: "registering (cloud.example:443)", failed: false },
    {
      cloud: { state: "registering", ...FAILED },
      text: "registering (cloud.example:443), the last try failed (host unreachable): no\\x1b[2J way",
      failed: true,
    },
    {
      cloud: { state: "failed", ...FAILED, next_try: "2026-11-22T12:00:00.000Z" },
      text: "failed (host unreachable), next try 2026-11-22T12:00:00.000Z: no\\x1b[2J way",
      failed: true,
    },
    { cloud: { state: "registered" }, text: "registered (cloud.example:443)", failed: false },
  ] as { cloud: Pick<CloudJson, "state">; text: string; failed: boolean }[]
) {
  Deno.test(`cloudText() is '${text}', and the exit status ${failed ? 2 : 0}`, () => {
    assert.deepEqual([cloudText({ ...COMMON, ...cloud }), cloudFailed({ ...COMMON, ...cloud })], [text, failed]);
  });
}
