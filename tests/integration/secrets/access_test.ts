import assert from "node:assert/strict";
import { AdminApi } from "../../support/admin_api.ts";
import { SecretsClient, type SendOptions } from "../../support/secrets_client.ts";
import { EVERYTHING, type Permission, startSecretsVault } from "../../support/secrets_vault.ts";

const allow = (actions: string[], ...resources: string[]): Permission => ({ effect: "allow", actions, resources });

/** The client's address, by way of a proxy that is believed. */
const via = (address: string, options: SendOptions = {}): SendOptions => ({
  ...options,
  headers: { "x-forwarded-for": address },
});

Deno.test("/api denies changes of a project that is seen in part with 403, and hides one that is not seen", async (t) => {
  await using vault = await startSecretsVault({
    policies: {
      admin: [EVERYTHING],
      lister: [allow(["list"], "secret:app:prod/*", "secret:none:prod/*")],
      reader: [allow(["read"], "secret:app:prod/*", "secret:none:prod/*")],
      writer: [allow(["write"], "secret:app:prod/*")],
      barred: [EVERYTHING, { effect: "deny", actions: ["*"], resources: ["secret:app:*", "secret:none:*"] }],
    },
  });
  const api = new AdminApi(vault.socket);
  using admin = new SecretsClient(vault, await api.issue("root"));
  await admin.post("/api/projects", { name: "app", description: "as it was" });
  await admin.post("/api/projects", { name: "other" });

  for (
    const { role, want, listed } of [
      { role: "lister", want: 403, listed: ["app"] },
      { role: "reader", want: 403 },
      { role: "writer", want: 404 },
      { role: "barred", want: 404, listed: ["other"] },
    ]
  ) {
    await t.step(`${want} to a ${role}, whether the project is there or not`, async () => {
      using client = new SecretsClient(vault, await api.issue(role, role), role);
      for (const name of ["app", "none"]) {
        const replies = await Promise.all([
          client.post("/api/projects", { name }),
          client.patch(`/api/projects/${name}`, { description: "changed" }),
          client.put(`/api/projects/${name}/set-default`),
        ]);
        const detail = want === 403
          ? `Service '${role}' does not have 'write' permission for 'secret:${name}:*'`
          : `Project '${name}' not found`;
        assert.deepEqual(replies.map(({ status, body }) => [status, body]), Array(3).fill([want, { detail }]));
        assert.equal((await client.delete(`/api/projects/${name}`)).status, want);
      }
      const { status, body } = await client.get("/api/projects");
      if (listed) assert.deepEqual(body.map(({ name }: { name: string }) => name), listed);
      else assert.equal(status, 403);
    });
  }

  await t.step("and changes nothing", async () => {
    const projects = (await admin.get("/api/projects")).body as Record<string, unknown>[];
    const told = projects.map(({ name, description, is_default }) => [name, description, is_default]);
    assert.deepEqual(told, [["app", "as it was", false], ["other", null, false]]);
  });
});

Deno.test("permitted listings of secrets and projects forget an address's failures, refused ones count", async (t) => {
  await using vault = await startSecretsVault({
    policies: { admin: [EVERYTHING], some: [allow(["list"], "secret:app:prod/*")], nobody: [] },
    secrets: "trust_proxy: [127.0.0.1], lockout: {max_failures: 3, lockout_seconds: 600}",
  });
  const api = new AdminApi(vault.socket), nobody = await api.issue("n", "nobody");
  using admin = new SecretsClient(vault, await api.issue("root"));
  using client = new SecretsClient(vault, await api.issue("s", "some"));
  assert.equal((await admin.post("/api/projects", { name: "app" })).status, 201);
  const paths = ["/v1/secrets", "/v1/secrets?project=app", "/api/secrets", "/api/projects", "/api/projects/app"];

  for (const [i, path] of paths.entries()) {
    await t.step(`GET ${path}`, async () => {
      const from = via(`192.0.2.${i}`);
      for (let round = 0; round < 3; round++) {
        for (let failure = 0; failure < 2; failure++) {
          assert.equal((await client.get(path, { ...from, token: "evt_bad" })).status, 401);
        }
        assert.equal((await client.get(path, from)).status, 200, `round ${round}`);
      }
      const statuses = [];
      for (let call = 0; call < 4; call++) statuses.push((await client.get(path, { ...from, token: nobody })).status);
      assert.deepEqual(statuses.slice(2), [path === "/api/projects/app" ? 404 : 403, 429]);
    });
  }

  await t.step("DELETE of a project, which no policy allows here, counts whoever asks", async () => {
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await admin.delete("/api/projects/app", via("192.0.2.99"))).status);
    assert.deepEqual(statuses, [403, 403, 403, 429]);
  });
});

/** Names that no secret can have, by the project that each says. */
const IMPOSSIBLE = {
  app: ["app/", "app//x", "app/..", "app/a:b", "app/ä", `app/${"x".repeat(70_000)}`],
  default: ["", "..", "a b", "s:x:y"],
  none: ["/x", "a:b/c", "../app/x", `${"p".repeat(65)}/x`],
};

Deno.test("a batch leaves out an impossible name for those alone who may read something where it would be", async (t) => {
  await using vault = await startSecretsVault({
    policies: {
      admin: [EVERYTHING],
      apps: [allow(["read"], "secret:app:prod/*")],
      barred: [EVERYTHING, { effect: "deny", actions: ["read"], resources: ["secret:app:*"] }],
      lister: [allow(["list"], "secret:*:*")],
      nobody: [],
    },
    secrets: "trust_proxy: [127.0.0.1], lockout: {max_failures: 0}",
    allowedIps: ["192.0.2.0/24"],
  });
  const api = new AdminApi(vault.socket);
  using client = new SecretsClient(vault);
  const batchOf = (token: string) => async (names: readonly string[], address = "192.0.2.1") => {
    const { status, body } = await client.post("/v1/batch/secrets", { names }, via(address, { token }));
    return status === 200 ? body.map(({ name }: { name: string }) => name) : status;
  };
  const root = await api.issue("root");
  await client.post("/v1/secrets", { name: "app/prod/x", kind: "manual", value: "v" }, { token: root });

  for (
    const { role, served } of [
      { role: "admin", served: ["app", "default", "none"] },
      { role: "apps", served: ["app", "none"] },
      { role: "barred", served: ["default", "none"] },
      { role: "lister", served: [] },
      { role: "nobody", served: [] },
    ]
  ) {
    await t.step(`a caller of the role ${role} is served those of ${served.join() || "no project"}`, async () => {
      const batch = batchOf(await api.issue(`u-${role}`, role));
      for (const [project, names] of Object.entries(IMPOSSIBLE)) {
        const want = served.includes(project) ? [] : 403;
        for (const name of names) assert.deepEqual(await batch([name]), want, name.slice(0, 40));
        assert.deepEqual(await batch(names), want);
        assert.equal(await batch(names, "198.51.100.1"), 403, "from an address that may not read");
      }
    });
  }

  await t.step("beside one that is there, it is left out or refuses the whole", async () => {
    const batch = batchOf(await api.issue("both", "apps"));
    assert.deepEqual(await batch(["app//x", "app/prod/x", "a:b/c"]), ["app/prod/x"]);
    assert.equal(await batch(["app/prod/x", ".."]), 403);
    assert.equal(await batch(["app/prod/x", "other/x"]), 403);
  });

  await t.step("the audit log says who was denied what, and quotes no such name", async () => {
    const text = await Deno.readTextFile(`${vault.dir}/logs/audit.log`);
    assert.doesNotMatch(text, /a b|s:x:y|a:b|app\/\/x|pppp/);
    const denied = text.trimEnd().split("\n").map((line) => JSON.parse(line)).filter(({ status, user_id }) =>
      status === "denied" && user_id === "u-nobody"
    );
    assert.deepEqual(
      new Set(denied.map(({ resource }) => resource)),
      new Set(["secret:app:*", "secret:default:*", "secret:*:*"]),
    );
  });
});

Deno.test("allowed_ips holds for reads: create and rotate answer with their value from anywhere (A.3, A.5, A.11)", async () => {
  await using vault = await startSecretsVault({
    policies: { admin: [EVERYTHING], rotator: [allow(["create", "rotate"], "secret:app:*")] },
    allowedIps: ["192.0.2.0/24"],
  });
  using client = new SecretsClient(vault, await vault.issueToken("rot", "rotator"));
  const created = await client.post("/v1/secrets", { name: "app/k", kind: "automatic", rotation_interval_secs: 3600 });
  const rotated = await client.post("/v1/secrets/app/k/rotate");
  for (const { body } of [created, rotated]) assert.match(body.value, /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(rotated.body.value, created.body.value);
  using admin = new SecretsClient(vault, await vault.issueToken("root"));
  assert.equal((await admin.get("/v1/secrets/app/k")).status, 403);
});
