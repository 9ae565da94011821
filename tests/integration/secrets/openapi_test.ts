import assert from "node:assert/strict";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { EnvelopeSealer, LocalKeys } from "#domain/sealing/mod.ts";
import { SecretEngine } from "#domain/secrets/mod.ts";
import { openApiDocument } from "../../../src/edge/rest/openapi/mod.ts";
import { projectRoutes } from "../../../src/edge/rest/secrets/api/project_routes.ts";
import { secretRoutes } from "../../../src/edge/rest/secrets/api/secret_routes.ts";
import { V1Routes } from "../../../src/edge/rest/secrets/v1/routes.ts";
import { systemClock } from "#ports/clock.ts";
import { OpenApiCheck } from "../../support/openapi_check.ts";
import { SecretsClient } from "../../support/secrets_client.ts";
import { EVERYTHING, startSecretsVault } from "../../support/secrets_vault.ts";

const OPEN = ["GET /healthz", "GET /openapi.json", "GET /readyz"];

Deno.test("openapi.json has every route and no other", async () => {
  const store = new SqliteSecretStore(":memory:"), log = () => {};
  const keys = new LocalKeys({ keyId: "k", keys: new Map([["k", new Uint8Array(32)]]) });
  const engine = new SecretEngine({ store, sealer: new EnvelopeSealer({ keys }), clock: systemClock });
  const routes = [...new V1Routes(engine, log).routes, ...projectRoutes(engine), ...secretRoutes(engine, log)];
  const real = [...OPEN, ...routes.map(({ method, template }) => `${method} ${template}`)];
  const paths = openApiDocument("v0").paths as Record<string, Record<string, unknown>>;
  const documented = Object.entries(paths).flatMap(([template, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${template}`)
  );
  assert.deepEqual(documented.sort(), real.sort());
  await store.close();
});

Deno.test("openapi.json tells what a running vault answers: each status, each body", async () => {
  await using vault = await startSecretsVault({
    policies: {
      admin: [EVERYTHING],
      lister: [{ effect: "allow", actions: ["list"], resources: ["secret:p:*"] }],
      reader: [{ effect: "allow", actions: ["read"], resources: ["secret:*:*"] }],
      nobody: [],
      slow: [EVERYTHING],
    },
  });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  using lister = new SecretsClient(vault, await vault.issueToken("bob", "lister"));
  using reader = new SecretsClient(vault, await vault.issueToken("dora", "reader"));
  using nobody = new SecretsClient(vault, await vault.issueToken("emil", "nobody"));
  using slow = new SecretsClient(vault, await vault.issueToken("carol", "slow"));
  using stranger = new SecretsClient(vault);
  await vault.cli("role", "update", "--name", "slow", "--rate-limit", "1/3600s");
  const check = await OpenApiCheck.of(client);
  for (const other of [lister, reader, nobody, slow, stranger]) other.onReply = client.onReply;
  assert.equal((check.document as unknown as { openapi: string }).openapi, "3.1.0");

  for (const path of ["/healthz", "/readyz", "/openapi.json"]) await stranger.get(path);
  await slow.get("/v1/secrets");
  const stale = { headers: { "if-match": "9" } }, huge = JSON.stringify({ x: "x".repeat(1 << 20) });
  const plain = { headers: { "content-type": "text/plain" } };

  /** Each operation: method, path, a good body, a path or body of something absent, one that is refused with 400 or 422. */
  const calls: { method: string; path: string; body?: unknown; more?: (readonly [string, unknown?, object?])[] }[] = [
    {
      method: "POST",
      path: "/v1/secrets",
      body: { name: "p/a", kind: "automatic", rotation_interval_secs: 60 },
      more: [["/v1/secrets", { name: "p/a", kind: "manual", value: "x" }], ["/v1/secrets", {
        name: "p/b",
        kind: "manual",
      }]],
    },
    { method: "GET", path: "/v1/secrets", more: [["/v1/secrets?limit=x"]] },
    { method: "GET", path: "/v1/secrets/p/a", more: [["/v1/secrets/p/none"], ["/v1/secrets/p/a?version=x"]] },
    {
      method: "PUT",
      path: "/v1/secrets/p/a",
      body: { value: "x" },
      more: [["/v1/secrets/p/none", {}], ["/v1/secrets/p/a", {}, stale], ["/v1/secrets/p/a", { username: "u" }]],
    },
    {
      method: "POST",
      path: "/v1/secrets/p/a/rotate",
      more: [
        ["/v1/secrets/p/none/rotate"],
        ["/v1/secrets/p/a/rotate", undefined, stale],
        ["/v1/secrets/p/a/rotate", undefined, { headers: { "if-match": "x" } }],
      ],
    },
    {
      method: "POST",
      path: "/v1/secrets/p/a/verify",
      body: { value: "x" },
      more: [["/v1/secrets/../verify", { value: "x" }], ["/v1/secrets/p/a/verify", "{"]],
    },
    {
      method: "POST",
      path: "/v1/batch/secrets",
      body: { names: ["p/a", "p/none"] },
      more: [["/v1/batch/secrets", { names: Array(257).fill("a") }]],
    },
    {
      method: "DELETE",
      path: "/v1/secrets/p/a",
      more: [["/v1/secrets/p/a"], ["/v1/secrets/p/a", undefined, { headers: { "if-match": "x" } }]],
    },
    {
      method: "POST",
      path: "/api/projects",
      body: { name: "p2", description: "d" },
      more: [["/api/projects", { name: "p2" }]],
    },
    { method: "GET", path: "/api/projects" },
    { method: "GET", path: "/api/projects/p", more: [["/api/projects/none"]] },
    { method: "PATCH", path: "/api/projects/p", body: { description: "e" }, more: [["/api/projects/none", {}]] },
    { method: "DELETE", path: "/api/projects/p", more: [["/api/projects/:"]] },
    { method: "PUT", path: "/api/projects/p/set-default", more: [["/api/projects/none/set-default"]] },
    {
      method: "POST",
      path: "/api/secrets",
      body: { project: "p", path: "b", value: "x" },
      more: [["/api/secrets", { project: "p", path: "b", value: "x" }], ["/api/secrets", {}]],
    },
    { method: "GET", path: "/api/secrets", more: [["/api/secrets?limit=x"]] },
    { method: "POST", path: "/api/secrets/test" },
    { method: "GET", path: "/api/secrets/p/b", more: [["/api/secrets/p/none"], ["/api/secrets/p/b?version=0"]] },
    {
      method: "PATCH",
      path: "/api/secrets/p/b",
      body: { value: "y" },
      more: [["/api/secrets/p/none", { value: "x" }], ["/api/secrets/p/b", { value: "x" }, stale], [
        "/api/secrets/p/b",
        {},
      ]],
    },
    {
      method: "DELETE",
      path: "/api/secrets/p/b",
      more: [["/api/secrets/p/b"], ["/api/secrets/p/b", undefined, { headers: { "if-match": "x" } }]],
    },
  ];
  for (const { method, path, body, more = [] } of calls) {
    if (method === "DELETE" && !path.startsWith("/api/projects")) await client.send(method, path, stale);
    await client.send(method, path, { body });
    for (const [path, body, options] of more) await client.send(method, path, { body, ...options });
    await stranger.send(method, path, { body });
    await slow.send(method, path, { body });
    for (const other of [lister, reader, nobody]) await other.send(method, path, { body });
    if (body === undefined) continue;
    await client.send(method, path, { body: huge });
    await client.send(method, path, { body: "[]" });
    await client.send(method, path, { body: "{}", ...plain });
  }
  // Slow bodies and the vault's own failures are other tests'.
  const elsewhere = /^\w+ (408|500)$/;
  const unseen = check.promised.filter((entry) => !check.seen.has(entry) && !elsewhere.test(entry));
  assert.deepEqual(unseen, []);
});
