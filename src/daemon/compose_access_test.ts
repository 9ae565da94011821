import assert from "node:assert/strict";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { loadConfig } from "#config/mod.ts";
import { TempDir } from "#config/testing.ts";
import { addressOf } from "#domain/secrets/mod.ts";
import { openTestService } from "#domain/tokens/testing.ts";
import { openAccess } from "./compose_access.ts";

const TOKEN = { user: "alice", token: "evt_alice", role: "member", issuedAt: "2026-01-01" };
const CREDENTIALS = { authorization: "Bearer evt_alice" };
const KEY = addressOf("app", "db/password");
const POLICIES = `
policies:
- name: reader
  permissions:
  - {effect: allow, actions: [read, list], resources: ["secret:app:*"]}
  - effect: deny
    actions: [read, list]
    resources: ["secret:app:prod/*"]
roles:
  member: [reader]
`;

/** The real parts on files of a directory, as the configuration names them. */
async function open(dir: TempDir, section: string, store: SqliteSecretStore) {
  const path = dir.write("configs/runevault.conf", `secrets: {${section}}`);
  const { config } = await loadConfig({ path, secrets: false });
  const { service: tokens, clock } = await openTestService({ tokens: [TOKEN] });
  const logged: string[] = [];
  const log = (_: string, message: string) => void logged.push(message);
  return { ...await openAccess(config.secrets!, { tokens, lockouts: store.lockouts, clock, log }), tokens, logged };
}

Deno.test("openAccess() joins policies, addresses and lockouts; a reload holds for the next call, a bad one changes nothing", async () => {
  using dir = new TempDir();
  await using store = new SqliteSecretStore(":memory:");
  dir.write("configs/policies.yml", POLICIES);
  const { guard, policies, lockout } = await open(dir, "allowed_ips: [10.0.0.0/8], trust_proxy: ['::1']", store);
  const caller = guard.enter(CREDENTIALS, guard.clientOf("::1", ["10.1.2.3"]));
  assert.equal(caller.address, "10.1.2.3");
  guard.check(caller, "read", KEY);
  assert.throws(() => guard.check(caller, "read", addressOf("app", "prod/x")), { kind: "hidden" });
  dir.write("configs/policies.yml", POLICIES.replace("deny", "Deny"));
  await assert.rejects(policies.reload(), {
    code: "FAILED_PRECONDITION",
    message: `parse policies file ${dir.join("configs/policies.yml")}: line 6: unknown effect (allowed: allow, deny)`,
  });
  guard.check(caller, "read", KEY);
  dir.write("configs/policies.yml", POLICIES.replace("secret:app:prod/*", "secret:app:db/*"));
  await policies.reload();
  assert.equal(guard.visible(caller)(KEY), false);
  assert.throws(() => guard.check(caller, "read", KEY), { kind: "hidden" });
  await lockout.flush();
  assert.deepEqual((await store.lockouts.load()).map(({ address }) => address), ["10.1.2.3"]);
});

Deno.test("openAccess() without a policies file denies everything and warns", async () => {
  using dir = new TempDir();
  await using store = new SqliteSecretStore(":memory:");
  const { guard, logged } = await open(dir, "allowed_ips: ['::/0']", store);
  assert.throws(() => guard.check(guard.enter(CREDENTIALS, "::1"), "read", KEY), { kind: "hidden" });
  assert.match(logged.join(), /^policies file .*policies\.yml: there is no such file, so every secret is denied/);
});

for (
  const { name, section, policies = POLICIES, want } of [
    {
      name: "an item of allowed_ips that is no address",
      section: "allowed_ips: [10.0.0.0/8, 'all']",
      want: 'secrets.allowed_ips: item 2: "all" is no IP address or CIDR block',
    },
    {
      name: "an item of trust_proxy with a prefix beyond its length",
      section: "trust_proxy: ['10.0.0.0/33']",
      want: 'secrets.trust_proxy: item 1: "10.0.0.0/33" has a prefix of more than 32 bits',
    },
    {
      name: "policies for a role that does not exist",
      section: "",
      policies: "roles:\n  ghost: []",
      want: 'line 2: unknown role "ghost"',
    },
    { name: "a policies file that is no YAML", section: "", policies: "roles: {", want: "not valid YAML" },
  ]
) {
  Deno.test(`openAccess() refuses ${name}`, async () => {
    using dir = new TempDir();
    await using store = new SqliteSecretStore(":memory:");
    dir.write("configs/policies.yml", policies);
    await assert.rejects(open(dir, section, store), (reason) => String(reason).includes(want));
  });
}

Deno.test("a role that policies name can be deleted: the set in force stays, a reload and a start then say why not", async () => {
  using dir = new TempDir();
  await using store = new SqliteSecretStore(":memory:");
  dir.write("configs/policies.yml", POLICIES.replace("member", "auditor"));
  const { service: tokens, clock } = await openTestService();
  await tokens.createRole({ name: "auditor", scope: [], topK: 1, rateLimit: "1/1s" });
  const path = dir.write("configs/runevault.conf", "secrets: {}");
  const { config: { secrets } } = await loadConfig({ path, secrets: false });
  const parts = { tokens, lockouts: store.lockouts, clock, log: () => {} };
  const { policies } = await openAccess(secrets!, parts);
  await tokens.deleteRole("auditor");
  const unknown = { code: "FAILED_PRECONDITION", message: /line 10: unknown role "auditor"$/ };
  await assert.rejects(policies.reload(), unknown);
  assert.equal(policies.decide("auditor", "read", KEY).allowed, true);
  await assert.rejects(openAccess(secrets!, parts), unknown);
});
