import assert from "node:assert/strict";
import type { Token } from "#ports/state_store.ts";
import { withAdmin } from "./testing.ts";

const BOB: Token = { user: "bob", token: "evt_bob", role: "member", issuedAt: "2026-11-22", expires: "2027-02-20" };
const RESEARCHER = { name: "researcher", scope: ["get_public_key"], top_k: 3, rate_limit: "10/60s" };
const ADMIN_JSON =
  '{"name": "admin", "scope": ["get_public_key", "decrypt_scores", "decrypt_metadata", "manage_tokens"], ' +
  '"top_k": 50, "rate_limit": "150/60s"}';
const MEMBER_JSON = '{"name": "member", "scope": ["get_public_key", "decrypt_scores", "decrypt_metadata"], ' +
  '"top_k": 10, "rate_limit": "30/60s"}';
const HEX = "[0-9a-f]{32}";

for (
  const { name, method = "GET", target, body, status, want } of [
    { name: "health", target: "/health", status: 200, want: '{"status": "ok"}' },
    {
      name: "lists tokens without the token",
      target: "/tokens",
      status: 200,
      want:
        '{"tokens": [{"user": "bob", "role": "member", "top_k": 10, "rate_limit": "30/60s", "expires": "2027-02-20"}]}',
    },
    {
      name: "describes a token without the token",
      target: "/tokens/bob",
      status: 200,
      want: '{"user": "bob", "role": "member", "issued_at": "2026-11-22", "expires": "2027-02-20", "top_k": 10, ' +
        '"rate_limit": "30/60s", "scope": ["get_public_key", "decrypt_scores", "decrypt_metadata"]}',
    },
    {
      name: "takes a snapshot with the tokens",
      method: "POST",
      target: "/backup/snapshot",
      status: 200,
      want: `{"roles": [${ADMIN_JSON}, ${MEMBER_JSON}], "tokens": [{"user": "bob", "token": "evt_bob", ` +
        '"role": "member", "issued_at": "2026-11-22", "expires": "2027-02-20"}]}',
    },
    {
      name: "issues",
      method: "POST",
      target: "/tokens",
      body: { user: "alice", role: "member", expires_days: 90 },
      status: 201,
      want: new RegExp(
        `^{"user": "alice", "token": "evt_${HEX}", "role": "member", "issued_at": "2026-11-22", "expires": "2027-02-20"}$`,
      ),
    },
    {
      name: "issues for ever",
      method: "POST",
      target: "/tokens",
      body: { user: "앨", role: "admin", expires_days: null, unknown: 1 },
      status: 201,
      want: new RegExp(
        `^{"user": "\\\\uc568", "token": "evt_${HEX}", "role": "admin", "issued_at": "2026-11-22", "expires": "never"}$`,
      ),
    },
    {
      name: "rotates",
      method: "POST",
      target: "/tokens/bob/rotate",
      status: 200,
      want: new RegExp(
        `^{"user": "bob", "token": "evt_${HEX}", "role": "member", "issued_at": "2026-11-22", "expires": "2027-02-20"}$`,
      ),
    },
    {
      name: "rotates all, ignoring what the body holds",
      method: "POST",
      target: "/tokens/_rotate_all",
      body: [1],
      status: 200,
      want: new RegExp(`^{"rotated": 1, "tokens": \\[{"user": "bob", "token": "evt_${HEX}", "role": "member"}\\]}$`),
    },
    {
      name: "revokes",
      method: "DELETE",
      target: "/tokens/bob",
      status: 200,
      want: '{"message": "Revoked token for \'bob\'"}',
    },
    { name: "lists roles", target: "/roles", status: 200, want: `{"roles": [${ADMIN_JSON}, ${MEMBER_JSON}]}` },
    {
      name: "creates a role",
      method: "POST",
      target: "/roles",
      body: RESEARCHER,
      status: 201,
      want: '{"name": "researcher", "scope": ["get_public_key"], "top_k": 3, "rate_limit": "10/60s"}',
    },
    {
      name: "creates a role with top_k 0",
      method: "POST",
      target: "/roles",
      body: { ...RESEARCHER, top_k: 0 },
      status: 201,
      want: /"top_k": 0,/,
    },
    {
      name: "updates a role",
      method: "PUT",
      target: "/roles/member",
      body: { top_k: 8 },
      status: 200,
      want: MEMBER_JSON.replace("10,", "8,"),
    },
    { name: "strips trailing slashes", target: "/tokens//", status: 200, want: /^{"tokens": \[/ },
    {
      name: "strips trailing slashes after a name",
      method: "DELETE",
      target: "/tokens/bob/",
      status: 200,
      want: /Revoked/,
    },
    { name: "ignores the body of a GET", target: "/roles", body: "nope", status: 200, want: /^{"roles"/ },
    {
      name: "ignores the body of a DELETE",
      method: "DELETE",
      target: "/tokens/bob",
      body: "nope",
      status: 200,
      want: /Revoked/,
    },
  ] as { name: string; method?: string; target: string; body?: unknown; status: number; want: string | RegExp }[]
) {
  Deno.test(`admin API ${name}: ${method} ${target}`, () =>
    withAdmin(async ({ send }) => {
      const answer = await send(method, target, body);
      if (typeof want === "string") assert.equal(answer.text, want);
      else assert.match(answer.text, want);
      const length = String(new TextEncoder().encode(answer.text).length);
      assert.deepEqual([answer.status, answer.type, answer.length], [status, "application/json", length]);
    }, { tokens: [BOB] }));
}

const LACKS_TOKEN = "Missing required fields: user, role";
const LACKS_ROLE = "Missing required fields: name, scope, top_k, rate_limit";
for (
  const { method = "POST", target, body, status = 400, error } of [
    { target: "/tokens", body: undefined, error: LACKS_TOKEN },
    { target: "/tokens", body: {}, error: LACKS_TOKEN },
    { target: "/tokens", body: { user: "", role: "member" }, error: LACKS_TOKEN },
    { target: "/tokens", body: { user: "a" }, error: LACKS_TOKEN },
    { target: "/tokens", body: '{"__proto__": {"user": "a", "role": "admin"}}', error: LACKS_TOKEN },
    { target: "/tokens", body: { user: 5, role: "member" }, error: "user must be a string" },
    { target: "/tokens", body: { user: "a", role: ["admin"] }, error: "role must be a string" },
    { target: "/tokens", body: '{"user": "\\ud800", "role": "admin"}', error: "user must be well-formed Unicode" },
    {
      target: "/tokens",
      body: { user: "u".repeat(1025), role: "admin" },
      error: "user is longer than 1024 characters",
    },
    { target: "/tokens", body: { user: "bob", role: "admin" }, error: "Token already exists for user 'bob'" },
    { target: "/tokens", body: { user: "bob", role: "ghost" }, error: "Role 'ghost' does not exist" },
    ...["7", 1.5, true, [], {}].map((expires_days) => ({
      target: "/tokens",
      body: { user: "a", role: "admin", expires_days },
      error: "expires_days must be an integer or null",
    })),
    {
      target: "/tokens",
      body: { user: "a", role: "admin", expires_days: 999999999 },
      error: "date value out of range",
    },
    {
      target: "/tokens",
      body: { user: "a", role: "admin", expires_days: -999999999 },
      error: "date value out of range",
    },
    {
      target: "/tokens",
      body: '{"user": "a", "role": "admin", "expires_days": 1e300}',
      error: "date value out of range",
    },
    { target: "/tokens/eve/rotate", error: "No token found for user 'eve'" },
    { target: "/tokens/bob/rotate", body: "nope", error: "Expecting value: line 1 column 1 (char 0)" },
    { method: "DELETE", target: "/tokens/eve", status: 404, error: "No token found for user 'eve'" },
    { target: "/roles", body: {}, error: LACKS_ROLE },
    { target: "/roles", body: { ...RESEARCHER, scope: [] }, error: LACKS_ROLE },
    { target: "/roles", body: { ...RESEARCHER, top_k: null }, error: LACKS_ROLE },
    { target: "/roles", body: { ...RESEARCHER, scope: "x" }, error: "scope must be a string array" },
    { target: "/roles", body: { ...RESEARCHER, top_k: true }, error: "top_k must be an integer" },
    { target: "/roles", body: { ...RESEARCHER, rate_limit: 5 }, error: "rate_limit must be a string" },
    { target: "/roles", body: { ...RESEARCHER, name: 5 }, error: "name must be a string" },
    { target: "/roles", body: { ...RESEARCHER, name: "admin" }, error: "Role 'admin' already exists" },
    {
      target: "/roles",
      body: { ...RESEARCHER, name: "admin", rate_limit: "5/m" },
      error: "Invalid rate_limit format '5/m'. Expected '<max>/<window>s' (e.g. '30/60s')",
    },
    { method: "PUT", target: "/roles/member", body: {}, error: "No fields to update" },
    { method: "PUT", target: "/roles/member", body: undefined, error: "No fields to update" },
    { method: "PUT", target: "/roles/member", body: { scope: ["a", 1] }, error: "scope must be a string array" },
    { method: "PUT", target: "/roles/member", body: { top_k: null }, error: "top_k must be an integer" },
    { method: "PUT", target: "/roles/member", body: { rate_limit: null }, error: "rate_limit must be a string" },
    { method: "PUT", target: "/roles/ghost", body: { top_k: 1 }, error: "Role 'ghost' does not exist" },
    { method: "DELETE", target: "/roles/admin", error: "Cannot delete default role 'admin'" },
    { method: "DELETE", target: "/roles/ghost", error: "Role 'ghost' does not exist" },
    { target: "/tokens", body: [1], error: "Request body must be a JSON object" },
    { target: "/tokens", body: "null", error: "Request body must be a JSON object" },
    { method: "PUT", target: "/roles/member", body: "5", error: "Request body must be a JSON object" },
    ...[
      "/",
      "/tokens?x=1",
      "/health?",
      "//tokens",
      "/tokens//rotate",
      "/tokens/bob/rotate/x",
      "/status",
      "/Tokens",
      "/%74okens",
      "/tokens/./rotate/..",
    ].map(
      (target) => ({ method: "GET", target, status: 404, error: `No route for GET ${target}` }),
    ),
    ...["PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"].map((method) => {
      return { method, target: "/tokens", status: 404, error: `No route for ${method} /tokens` };
    }),
    { target: "/nope", body: "{", status: 404, error: "No route for POST /nope" },
  ] as { method?: string; target: string; body?: unknown; status?: number; error: string }[]
) {
  Deno.test(`admin API refuses ${method} ${target} ${JSON.stringify(body)?.slice(0, 60) ?? ""}: ${error}`, () =>
    withAdmin(async ({ send, store }) => {
      const answer = await send(method, target, body);
      assert.deepEqual(JSON.parse(answer.text), { error });
      assert.deepEqual([answer.status, answer.type], [status, "application/json"]);
      assert.deepEqual(store.saved, [], "nothing was changed");
    }, { tokens: [BOB] }));
}

Deno.test("admin API answers HEAD with 404 and no body", () =>
  withAdmin(async ({ send }) => {
    const { status, text } = await send("HEAD", "/health");
    assert.deepEqual([status, text], [404, ""]);
  }));

Deno.test("admin API says 503 unhealthy while gRPC does not serve", () =>
  withAdmin(async ({ send }) => {
    const { status, text } = await send("GET", "/health");
    assert.deepEqual([status, text], [503, '{"status": "unhealthy"}']);
  }, { isServing: () => false }));

Deno.test("admin API shows the status that it was given", () =>
  withAdmin(async ({ send }) => {
    const { status, text } = await send("GET", "/status");
    assert.deepEqual([status, text], [200, '{"net": ["a", 1.5, null], "cloud": {"up": true}}']);
  }, { status: () => ({ net: ["a", 1.5, null], cloud: { up: true, gone: undefined } }) }));

Deno.test("admin API goes through issue, duplicate, list, revoke and an empty list", () =>
  withAdmin(async ({ send, service }) => {
    const { token } = JSON.parse((await send("POST", "/tokens", { user: "alice", role: "member" })).text);
    assert.equal(service.authorize(service.find(token), "get_public_key").name, "member");
    const rotated = JSON.parse((await send("POST", "/tokens/alice/rotate", {})).text);
    assert.notEqual(rotated.token, token);
    assert.equal(service.find(token), undefined);
    assert.equal((await send("DELETE", "/tokens/alice")).status, 200);
    assert.equal((await send("GET", "/tokens")).text, '{"tokens": []}');
    assert.equal((await send("DELETE", "/tokens/alice")).status, 404);
  }));

Deno.test("admin API creates a role, refuses to delete it while it is held, and deletes it then", () =>
  withAdmin(async ({ send }) => {
    await send("POST", "/roles", RESEARCHER);
    await send("POST", "/tokens", { user: "rita", role: "researcher" });
    const held = await send("DELETE", "/roles/researcher");
    const error = "Cannot delete role 'researcher': token for user 'rita' is assigned to it";
    assert.deepEqual([held.status, JSON.parse(held.text)], [400, { error }]);
    await send("DELETE", "/tokens/rita");
    assert.equal((await send("DELETE", "/roles/researcher")).text, '{"message": "Deleted role \'researcher\'"}');
  }));

Deno.test("admin API answers 500 when the change cannot be written, and nothing was changed", () =>
  withAdmin(async ({ send, store, service }) => {
    store.failure = new Error("disk full");
    for (
      const [method, target] of [["DELETE", "/tokens/bob"], ["POST", "/tokens/bob/rotate"], [
        "POST",
        "/tokens/_rotate_all",
      ]]
    ) {
      const { status, text } = await send(method, target);
      assert.deepEqual([status, JSON.parse(text)], [500, {
        error: "state could not be written: disk full; nothing was changed",
      }]);
    }
    assert.equal(service.find("evt_bob")?.user, "bob");
    assert.equal((await send("POST", "/tokens", { user: "eve", role: "admin" })).status, 500);
    assert.match((await send("GET", "/tokens")).text, /^{"tokens": \[{"user": "bob"[^{]*}\]}$/);
  }, { tokens: [BOB] }));

Deno.test("admin API logs method, target and status, and neither bodies nor tokens", () =>
  withAdmin(async ({ send, logged }) => {
    const issued = await send("POST", "/tokens", { user: "alice", role: "member", canary: "c4n4ry" });
    await send("POST", "/roles", '{"c4n4ry": ');
    assert.deepEqual(logged, [["info", "admin: POST /tokens 201"], ["info", "admin: POST /roles 400"]]);
    assert.ok(!JSON.stringify(logged).includes(JSON.parse(issued.text).token));
  }));
