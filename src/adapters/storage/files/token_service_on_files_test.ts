import assert from "node:assert/strict";
import { join } from "node:path";
import { DEMO_TOKEN, TestClock } from "#domain/tokens/testing.ts";
import { TokenService } from "#domain/tokens/mod.ts";
import { FileStateStore } from "./file_state_store.ts";

interface Vault {
  readonly rolesFile: string;
  readonly tokensFile: string;
  /** Opens the service on what is on disk now, as a restart would. */
  readonly open: () => Promise<TokenService>;
}

async function withVault(test: (vault: Vault) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  const files = { rolesFile: join(directory, "roles.yml"), tokensFile: join(directory, "tokens.yml") };
  const open = () => TokenService.open({ store: new FileStateStore(files), clock: new TestClock(), log: () => {} });
  try {
    await test({ ...files, open });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("TokenService on files writes the documented defaults at its first boot", () =>
  withVault(async ({ open, rolesFile, tokensFile }) => {
    await open();
    assert.equal(
      Deno.readTextFileSync(rolesFile),
      `roles:
  admin:
    scope:
    - get_public_key
    - decrypt_scores
    - decrypt_metadata
    - manage_tokens
    top_k: 50
    rate_limit: 150/60s
  member:
    scope:
    - get_public_key
    - decrypt_scores
    - decrypt_metadata
    top_k: 10
    rate_limit: 30/60s
`,
    );
    assert.equal(Deno.readTextFileSync(tokensFile), "tokens: []\n");
  }));

Deno.test("TokenService on files finds roles and tokens again after a restart", () =>
  withVault(async ({ open, tokensFile }) => {
    const service = await open();
    await service.createRole({ name: "researcher", scope: ["get_public_key"], topK: 3, rateLimit: "10/60s" });
    const issued = await service.issue({ user: "alice: #1", role: "researcher", expiresDays: 90 });
    await service.flush();
    assert.ok(Deno.readTextFileSync(tokensFile).includes(issued.token));
    const reloaded = await open();
    assert.deepEqual(reloaded.find(issued.token)?.token, issued);
    assert.equal(reloaded.authorize(reloaded.find(issued.token), "get_public_key").name, "researcher");
    assert.deepEqual(reloaded.listRoles(), service.listRoles());
    const rotated = await reloaded.rotate("alice: #1");
    await reloaded.revoke("nobody");
    const again = await open();
    assert.deepEqual([again.find(issued.token), again.find(rotated.token)?.user], [undefined, "alice: #1"]);
  }));

Deno.test("TokenService on files has the change on disk when its promise resolves", () =>
  withVault(async ({ open }) => {
    const service = await open();
    for (let i = 0; i < 5; i++) {
      const issues = Array.from({ length: 20 }, (_, j) => service.issue({ user: `u${i}-${j}`, role: "member" }));
      const first = await Promise.race(issues);
      assert.equal((await open()).find(first.token)?.user, first.user);
      await Promise.all(issues);
    }
    assert.equal((await open()).listTokens().length, 100);
  }));

Deno.test("TokenService on files that cannot be replaced changes neither memory nor disk, and recovers by itself", () =>
  withVault(async ({ open, rolesFile, tokensFile }) => {
    const service = await open();
    const kept = await service.issue({ user: "kept", role: "member" });
    const before = Deno.readTextFileSync(rolesFile);
    Deno.removeSync(tokensFile);
    Deno.mkdirSync(join(tokensFile, "in the way"), { recursive: true });
    const refused = { code: "INTERNAL", message: /^state could not be written: .*; nothing was changed$/ };
    await assert.rejects(service.updateRole("member", { topK: 300 }), refused);
    await assert.rejects(service.revoke("kept"), refused);
    assert.equal(service.authorize(service.find(kept.token), "decrypt_scores").topK, 10);
    assert.equal(Deno.readTextFileSync(rolesFile), before);
    Deno.removeSync(tokensFile, { recursive: true });
    await service.updateRole("member", { topK: 8 });
    const reloaded = await open();
    assert.deepEqual([reloaded.find(kept.token)?.user, reloaded.listRoles()[1].topK], ["kept", 8]);
  }));

Deno.test("TokenService on files serves the demo token where the file holds it", () =>
  withVault(async ({ open, tokensFile }) => {
    const { user, token, role } = DEMO_TOKEN;
    Deno.writeTextFileSync(tokensFile, `tokens:\n- {user: ${user}, token: ${token}, role: ${role}}\n`);
    const service = await open();
    assert.equal(service.authorize(service.find(token), "manage_tokens").name, "admin");
  }));

Deno.test("TokenService on files refuses a user's earlier token when the file has two entries", () =>
  withVault(async ({ open, tokensFile }) => {
    const entry = (token: string) => `- {user: u, token: ${token}, role: member, issued_at: 2026-11-22}\n`;
    Deno.writeTextFileSync(tokensFile, `tokens:\n${entry("evt_1")}${entry("evt_2")}`);
    const service = await open();
    assert.deepEqual([service.find("evt_1"), service.find("evt_2")?.user], [undefined, "u"]);
  }));
