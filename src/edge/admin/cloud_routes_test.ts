import assert from "node:assert/strict";
import { type CloudControl, type CloudState, OFFLINE_TEXT } from "#domain/cloud/mod.ts";
import { withAdmin } from "./testing.ts";

const NAMES = { endpoint: "cloud.example:443", keyId: "vault-key", index: "team" };
const COMMON = { endpoint: "cloud.example:443", key_id: "vault-key", index: "team" };
const WHEN = Date.UTC(2026, 10, 22, 12), WHEN_TEXT = "2026-11-22T12:00:00.000Z";

/** A vault that stands so with the cloud, whatever is asked of it. */
function standing(state: CloudState): CloudControl {
  return { state, start() {}, register: () => Promise.resolve(state), stop: () => Promise.resolve() };
}

const describe = (state: CloudState) =>
  state.kind === "registering" && state.lastFailure ? "registering after a failure" : state.kind;

for (
  const { state, shown, status, error } of [
    {
      state: { kind: "registered", since: WHEN },
      shown: { state: "registered", since: WHEN_TEXT, ...COMMON },
      status: 200,
      error: {},
    },
    {
      state: { kind: "failed", failure: "rejected", why: "no", nextTryAt: WHEN },
      shown: { state: "failed", failure: "rejected", why: "no", next_try: WHEN_TEXT, ...COMMON },
      status: 502,
      error: { error: "no" },
    },
    {
      state: { kind: "offline" },
      shown: { state: "offline", why: OFFLINE_TEXT, ...COMMON },
      status: 409,
      error: { error: OFFLINE_TEXT },
    },
    {
      state: { kind: "registering" },
      shown: { state: "registering", ...COMMON },
      status: 409,
      error: { error: "the vault is stopping" },
    },
    {
      state: { kind: "registering", lastFailure: { failure: "unreachable", why: "no way" } },
      shown: { state: "registering", failure: "unreachable", why: "no way", ...COMMON },
      status: 409,
      error: { error: "the vault is stopping" },
    },
  ] as { state: CloudState; shown: object; status: number; error: object }[]
) {
  Deno.test(`admin API shows a vault that is ${describe(state)}, and answers ${status} when it ends so: /cloud`, async () => {
    await withAdmin(async ({ send }) => {
      const seen = await send("GET", "/cloud");
      assert.deepEqual([seen.status, JSON.parse(seen.text)], [200, shown]);
      const forced = await send("POST", "/cloud/register", {});
      assert.deepEqual([forced.status, JSON.parse(forced.text)], [status, { ...error, ...shown }]);
    }, { cloud: { control: standing(state), names: NAMES } });
  });
}

Deno.test("admin API registers for no body that is not JSON, by no other method, and without a cloud not at all", async () => {
  let runs = 0;
  const state: CloudState = { kind: "registered", since: WHEN };
  const control = { ...standing(state), register: () => Promise.resolve((runs++, state)) };
  await withAdmin(async ({ send }) => {
    assert.equal((await send("POST", "/cloud/register", "{")).status, 400);
    assert.equal((await send("GET", "/cloud/register")).status, 404);
    assert.equal(runs, 0);
  }, { cloud: { control, names: NAMES } });
  await withAdmin(async ({ send }) => assert.equal((await send("GET", "/cloud")).status, 404));
});
