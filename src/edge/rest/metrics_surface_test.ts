import assert from "node:assert/strict";
import { AddressSet } from "#domain/network/mod.ts";
import { openTestService } from "#domain/tokens/testing.ts";
import type { Role, Token } from "#ports/state_store.ts";
import { MetricsSurface } from "./metrics_surface.ts";

const ROLES: Role[] = [
  { name: "watcher", scope: ["metrics"], topK: 1, rateLimit: "2/60s" },
  { name: "member", scope: ["decrypt_scores"], topK: 1, rateLimit: "9/60s" },
];
const token = (user: string, role: string, expires?: string): Token => ({
  user,
  token: `evt_${user}`,
  role,
  issuedAt: "2026-11-01",
  ...expires !== undefined && { expires },
});
const TOKENS = [token("prometheus", "watcher"), token("alice", "member"), token("late", "watcher", "2026-11-21")];

async function open() {
  const { service } = await openTestService({ roles: ROLES, tokens: TOKENS });
  const logged: string[] = [];
  const surface = new MetricsSurface({
    tokens: service,
    allowed: new AddressSet(["127.0.0.0/8", "::1"]),
    source: { contentType: "text/plain; version=0.0.4", text: () => Promise.resolve("vault_x 1\n") },
    log: (_, message) => void logged.push(message),
  });
  const ask = ({ method = "GET", peerAddress = "192.0.2.9", authorization }: {
    method?: string;
    peerAddress?: string;
    authorization?: string;
  } = {}) =>
    surface.handle({
      method,
      path: "/metrics",
      query: new URLSearchParams(),
      header: (name) => name === "authorization" ? authorization : undefined,
      peerAddress,
      body: () => Promise.reject(new Error("nobody reads the body")),
    });
  return { surface, ask, logged };
}

Deno.test("MetricsSurface owns its path alone", async () => {
  const { surface } = await open();
  assert.deepEqual(["/metrics", "/metrics/", "/metricsx", "/", "/Metrics"].map((path) => surface.owns(path)), [
    true,
    false,
    false,
    false,
    false,
  ]);
});

for (
  const { name, request, want } of [
    { name: "an allowed address", request: { peerAddress: "127.0.0.1" }, want: 200 },
    { name: "an allowed address over IPv6", request: { peerAddress: "::1" }, want: 200 },
    {
      name: "an allowed address with a bad token",
      request: { peerAddress: "::1", authorization: "Bearer x" },
      want: 200,
    },
    { name: "a token with the scope", request: { authorization: "Bearer evt_prometheus" }, want: 200 },
    { name: "a token in another case of the scheme", request: { authorization: "bearer evt_prometheus" }, want: 200 },
    { name: "nothing", request: {}, want: 401 },
    { name: "an unknown token", request: { authorization: "Bearer evt_nobody" }, want: 401 },
    { name: "an expired token", request: { authorization: "Bearer evt_late" }, want: 401 },
    { name: "another scheme", request: { authorization: "Basic evt_prometheus" }, want: 401 },
    { name: "a token without a scheme", request: { authorization: "evt_prometheus" }, want: 401 },
    { name: "a token as long as a book", request: { authorization: `Bearer ${"x".repeat(9000)}` }, want: 401 },
    { name: "a token without the scope", request: { authorization: "Bearer evt_alice" }, want: 403 },
    { name: "an address that is none", request: { peerAddress: "unknown" }, want: 401 },
    { name: "a POST", request: { method: "POST", peerAddress: "127.0.0.1" }, want: 405 },
  ]
) {
  Deno.test(`MetricsSurface answers ${want} to ${name}`, async () => {
    const { ask, logged } = await open();
    const { status, headers, body } = await ask(request);
    assert.equal(status, want);
    if (status === 200) assert.equal(body, "vault_x 1\n");
    else assert.equal(typeof JSON.parse(body as string).error, "string");
    assert.equal(headers?.["content-type"], status === 200 ? "text/plain; version=0.0.4" : "application/json");
    assert.equal(/evt_|late|alice/.test(`${body}${logged}`), false, "nobody is named");
    assert.equal(logged.length, status === 401 || status === 403 ? 1 : 0);
  });
}

Deno.test("MetricsSurface keeps to the role's rate limit", async () => {
  const { ask } = await open();
  const request = { authorization: "Bearer evt_prometheus" };
  const statuses = [await ask(request), await ask(request), await ask(request)].map(({ status }) => status);
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.match((await ask(request)).headers!["retry-after"], /^\d+$/);
});

Deno.test("MetricsSurface tells an unknown token nothing that an expired one is not told", async () => {
  const { ask } = await open();
  const [unknown, expired] = [
    await ask({ authorization: "Bearer evt_x" }),
    await ask({ authorization: "Bearer evt_late" }),
  ];
  assert.deepEqual(unknown, expired);
});
