import assert from "node:assert/strict";
import { AdminApi } from "../../support/admin_api.ts";
import { SecretsClient } from "../../support/secrets_client.ts";
import { EVERYTHING, type Permission, startSecretsVault } from "../../support/secrets_vault.ts";

const allow = (actions: string[], ...resources: string[]): Permission => ({ effect: "allow", actions, resources });

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
