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
