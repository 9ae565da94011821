import assert from "node:assert/strict";
import { join } from "node:path";
import { AdminApi } from "../../support/admin_api.ts";
import { CAN_TRACE, IoErrors } from "../../support/faults.ts";
import { FakeKms } from "../../support/fake_kms/fake_kms.ts";
import { SecretsClient } from "../../support/secrets_client.ts";
import {
  createSecretsVault,
  EVERYTHING,
  MASTER_KEY,
  startSecretsVault,
  writePolicies,
} from "../../support/secrets_vault.ts";
import { permissionFlags, TestVault } from "../../support/test_vault.ts";
import { until } from "../../support/until.ts";

interface AuditLine {
  readonly user_id: string;
  readonly method: string;
  readonly status: string;
  readonly resource?: string;
  readonly version?: number;
  readonly source_ip: string;
  readonly result_count: number;
  readonly error?: string;
}

async function auditOf(vault: TestVault): Promise<AuditLine[]> {
  const text = await Deno.readTextFile(join(vault.dir, "logs/audit.log"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("without the section `secrets` there is no secrets API", async () => {
  await using vault = await TestVault.start();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  for (const path of ["/v1/secrets", "/api/secrets", "/api/projects", "/healthz", "/readyz", "/openapi.json"]) {
    assert.equal((await client.get(path)).status, 404, path);
  }
  await assert.rejects(Deno.stat(join(vault.dir, "secrets-store")));
});

const keyFile = (vault: TestVault) => join(vault.dir, "configs/master_key");

for (
  const { name, break: spoil, error } of [
    { name: "no master key", break: "configs/master_key", error: /secrets\.kms\.master_key_file/ },
    { name: "half a master key", text: MASTER_KEY.slice(8), error: /secrets\.kms\.master_key/ },
    { name: "a master key that is none", text: "canary-no-key", error: /secrets\.kms\.master_key/ },
  ] as { name: string; break?: string; text?: string; error: RegExp }[]
) {
  Deno.test(`no key, no start: ${name}`, async () => {
    await using vault = await createSecretsVault();
    if (spoil) await Deno.remove(join(vault.dir, spoil));
    else await Deno.writeTextFile(keyFile(vault), name.startsWith("half") ? MASTER_KEY.slice(8) : "canary-no-key");
    const { code, stderr } = await vault.cli("daemon", "start");
    assert.equal(code, 1);
    assert.match(stderr, error);
    assert.equal(stderr.includes("canary") || stderr.includes(MASTER_KEY.slice(8)), false, stderr);
  });
}

Deno.test("another master key than the stored secrets' stops the start, and changes nothing", async () => {
  await using vault = await startSecretsVault();
  const token = await vault.issueToken("alice");
  using client = new SecretsClient(vault, token);
  await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
  await vault.stop();
  await Deno.writeTextFile(keyFile(vault), `${new Uint8Array(32).fill(7).toBase64()}\n`);
  const { code, stderr } = await vault.cli("daemon", "start");
  assert.equal(code, 1);
  assert.match(stderr, /secrets\.kms\.master_key is not the key 'local' that the stored secrets are sealed with/);
  await Deno.writeTextFile(keyFile(vault), `base64:${MASTER_KEY}`);
  await vault.start();
  assert.equal((await client.get("/v1/secrets/a/b")).body.value, "x");
});

Deno.test("a restart keeps secrets, versions, projects and lockouts", async () => {
  const secrets = "trust_proxy: [127.0.0.1], lockout: {max_failures: 2, lockout_seconds: 600}";
  await using vault = await startSecretsVault({ secrets, allowedIps: ["0.0.0.0/0"] });
  const token = await vault.issueToken("alice");
  using client = new SecretsClient(vault, token);
  await client.post("/api/projects", { name: "p", description: "d" });
  await client.post("/api/secrets", { project: "p", path: "x", value: "one" });
  await client.patch("/api/secrets/p/x", { value: "two" });
  const before = (await client.get("/api/projects")).body;
  const evil = { headers: { "x-forwarded-for": "192.0.2.1" } };
  for (let i = 0; i < 2; i++) await client.get("/v1/secrets", { ...evil, token: "evt_wrong" });
  assert.equal((await vault.stop()).code, 0, vault.stderr);
  await vault.start();
  assert.deepEqual((await client.get("/api/projects")).body, before);
  assert.equal((await client.get("/api/secrets/p/x")).body.value, "two");
  assert.equal((await client.get("/api/secrets/p/x?version=1")).body.value, "one");
  assert.equal((await client.get("/v1/secrets", evil)).status, 429);
  assert.equal((await client.get("/v1/secrets")).status, 200);
});

Deno.test("a change of policies, role or token holds for the very next call", async (t) => {
  const lister = { effect: "allow", actions: ["list"], resources: ["secret:*:*"] } as const;
  await using vault = await startSecretsVault({
    policies: { admin: [EVERYTHING], team: [EVERYTHING], less: [lister] },
  });
  const admin = new AdminApi(vault.socket), token = await admin.issue("bob", "team");
  using client = new SecretsClient(vault, token);
  await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
  const read = async () => (await client.get("/v1/secrets/a/b")).status;
  const reload = async (told: RegExp) => {
    const from = vault.stderr.length;
    Deno.kill(vault.pid, "SIGHUP");
    await until(() => told.test(vault.stderr.slice(from)));
  };

  await t.step("SIGHUP reads the policies again", async () => {
    assert.equal(await read(), 200);
    await writePolicies(vault, { team: [EVERYTHING, { ...EVERYTHING, effect: "deny", resources: ["secret:a:*"] }] });
    assert.equal(await read(), 200);
    await reload(/reloaded: policies/);
    assert.equal(await read(), 404);
  });

  await t.step("a file that is not good changes nothing, and the log says where it is wrong", async () => {
    await Deno.writeTextFile(join(vault.dir, "configs/policies.yml"), "policies:\n- {name: p, canary: 1}\n");
    await reload(/not reloaded: policies: .*policies\.yml.*line 2/);
    assert.equal(vault.stderr.includes("canary"), false);
    assert.equal(await read(), 404);
    await writePolicies(vault, { team: [EVERYTHING], less: [lister] });
    await reload(/reloaded: policies/);
    assert.equal(await read(), 200);
  });

  await t.step("a token that is rotated or revoked is refused", async () => {
    const fresh = (await admin.send("POST", "/tokens/bob/rotate")).body.token;
    assert.equal(await read(), 401);
    assert.equal((await client.get("/v1/secrets/a/b", { token: fresh })).status, 200);
    await admin.send("DELETE", "/tokens/bob");
    assert.equal((await client.get("/v1/secrets/a/b", { token: fresh })).status, 401);
    const other = await admin.issue("bob", "less");
    assert.equal((await client.get("/v1/secrets/a/b", { token: other })).status, 403);
  });
});

Deno.test("every call is audited, denials included, with resource and version", async () => {
  await using vault = await startSecretsVault({ policies: { admin: [EVERYTHING], nobody: [] } });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  using nobody = new SecretsClient(vault, await vault.issueToken("bob", "nobody"));
  const from = (await auditOf(vault).catch(() => [])).length;
  await client.post("/v1/secrets", { name: "a/b", kind: "automatic", rotation_interval_secs: 60 });
  await client.get("/v1/secrets/a/b");
  await client.put("/v1/secrets/a/b", { value: "x" });
  await client.post("/v1/secrets/a/b/rotate");
  await client.post("/v1/secrets/a/b/verify", { value: "wrong" });
  await client.post("/v1/batch/secrets", { names: ["a/b", "a/none", "a/b"] });
  await client.get("/v1/secrets?project=a");
  await client.get("/api/secrets/a/none");
  await client.post("/api/projects", { name: "p" });
  await client.post("/api/secrets/test");
  await nobody.get("/v1/secrets/a/b");
  await nobody.get("/v1/secrets");
  await client.get("/v1/secrets/a/b", { token: "evt_wrong" });
  await client.delete("/api/projects/p");
  await client.delete("/v1/secrets/a/b");
  const lines = (await auditOf(vault)).slice(from);
  assert.ok(lines.every(({ source_ip }) => source_ip === "127.0.0.1"));
  const told = lines.map(({ user_id, method, status, resource = "", version = "", result_count }) =>
    [user_id, method, status, resource, version, result_count].join(" ")
  );
  assert.deepEqual(told, [
    "alice secret_create started secret:a:b  0",
    "alice secret_create success secret:a:b 1 1",
    "alice secret_get success secret:a:b 1 1",
    "alice secret_update started secret:a:b  0",
    "alice secret_update success secret:a:b 2 1",
    "alice secret_rotate started secret:a:b  0",
    "alice secret_rotate success secret:a:b 3 1",
    "alice secret_verify success secret:a:b  0",
    "alice secret_get success secret:a:b 3 1",
    "alice secret_get error secret:a:none  0",
    "alice secret_get success secret:a:b 3 1",
    "alice secret_list success secret:a:*  1",
    "alice secret_get error secret:a:none  0",
    "alice project_create started secret:p:*  0",
    "alice project_create success secret:p:*  1",
    "alice secret_test success   0",
    "bob secret_get denied secret:a:b  0",
    "bob secret_list denied secret:*:*  0",
    "unknown secret_get denied   0",
    "alice project_delete denied secret:p:*  0",
    "alice secret_delete started secret:a:b  0",
    "alice secret_delete success secret:a:b  1",
  ]);
});

Deno.test("a body that is refused is the client's fault, in the audit log and the service's", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const from = (await auditOf(vault).catch(() => [])).length, long = " ".repeat(1_048_577);
  assert.equal((await client.post("/v1/secrets", long)).status, 413);
  assert.equal((await client.patch("/api/secrets/a/b", long)).status, 413);
  const told = (await auditOf(vault)).slice(from).map(({ method, status, error }) => [method, status, error]);
  assert.deepEqual(told, [
    ["secret_create", "error", "the body is longer than 1048576 bytes"],
    ["secret_update", "error", "the body is longer than 1048576 bytes"],
  ]);
  assert.doesNotMatch(vault.stderr, /secret_create|secret_update/);
});

Deno.test("while the audit log cannot be written nothing is served and nothing changes", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  await client.post("/v1/secrets", { name: "a/b", kind: "automatic", rotation_interval_secs: 3600, value: "x" });
  const path = join(vault.dir, "logs/audit.log");
  await Deno.remove(path);
  await Deno.mkdir(path);
  const refused = { error: "internal error" }, detail = { detail: "Internal Server Error" };
  for (
    const { reply, want } of [
      { reply: await client.get("/v1/secrets/a/b"), want: refused },
      { reply: await client.put("/v1/secrets/a/b", { value: "y" }), want: refused },
      { reply: await client.post("/v1/secrets/a/b/rotate"), want: refused },
      { reply: await client.post("/v1/secrets", { name: "a/c", kind: "manual", value: "y" }), want: refused },
      { reply: await client.delete("/v1/secrets/a/b"), want: refused },
      { reply: await client.patch("/api/secrets/a/b", { value: "y" }), want: detail },
      { reply: await client.post("/api/projects", { name: "q" }), want: detail },
    ]
  ) assert.deepEqual([reply.status, reply.body], [500, want]);
  await Deno.remove(path);
  assert.deepEqual((await client.get("/v1/secrets/a/b")).body.version, 1);
  assert.equal((await client.get("/v1/secrets")).body.length, 1);
  assert.equal((await client.get("/api/projects")).body.length, 1);
});

Deno.test({
  name: "EIO from fsync of the audit log: changes are refused and not made until it is over, reads go on",
  ignore: !CAN_TRACE,
  fn: async () => {
    await using vault = await startSecretsVault();
    using client = new SecretsClient(vault, await vault.issueToken("alice"));
    const change = async (value: string) => (await client.put("/v1/secrets/a/b", { value })).status;
    assert.equal((await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" })).status, 201);
    {
      await using _errors = await IoErrors.inject(vault.pid, "fdatasync", join(vault.dir, "logs/audit.log"));
      assert.deepEqual(await Promise.all([change("y"), change("y"), change("y")]), [500, 500, 500]);
      assert.equal(await change("y"), 500);
      assert.equal((await client.get("/v1/secrets/a/b")).body.version, 1);
    }
    assert.match(vault.stderr, /ERROR audit: cannot write .*audit\.log: Input\/output error/);
    assert.equal(await change("z"), 200);
    assert.equal((await client.get("/v1/secrets/a/b")).body.value, "z");
  },
});

Deno.test("worker: an automatic secret is rotated when it is due, and that is audited", async () => {
  await using vault = await startSecretsVault({ secrets: "rotation_poll_seconds: 1" });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const { body } = await client.post("/v1/secrets", { name: "a/b", kind: "automatic", rotation_interval_secs: 1 });
  await until(async () => (await client.get("/v1/secrets/a/b")).body.version >= 3);
  assert.notEqual((await client.get("/v1/secrets/a/b")).body.value, body.value);
  const rotation = (await auditOf(vault)).find(({ user_id }) => user_id === "rotation-worker")!;
  assert.deepEqual([rotation.method, rotation.status, rotation.resource], ["secret_rotate", "success", "secret:a:b"]);
});

Deno.test("a stop in the middle of writes loses none that was acknowledged", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const acknowledged: string[] = [];
  let isOver = false;
  const writer = async (id: number) => {
    for (let i = 0; !isOver; i++) {
      const name = `w${id}/s${i}`;
      const reply = await client.post("/v1/secrets", { name, kind: "manual", value: name }).catch(() => undefined);
      if (!reply) return;
      if (reply.status === 201) acknowledged.push(name);
    }
  };
  const writers = Array.from({ length: 8 }, (_, id) => writer(id));
  await until(() => acknowledged.length > 100);
  const { code } = await vault.stop();
  isOver = true;
  await Promise.all(writers);
  assert.equal(code, 0, vault.stderr);
  await vault.start();
  for (const name of acknowledged.slice(-64)) {
    assert.equal((await client.get(`/v1/secrets/${name}`)).body.value, name);
  }
  const listed = new Set(((await client.get("/v1/secrets")).body as { name: string }[]).map(({ name }) => name));
  assert.deepEqual(acknowledged.filter((name) => !listed.has(name)), []);
});

Deno.test("the engine needs every permission that it is given, and works with those that it keeps", async () => {
  const log = await Deno.makeTempFile();
  try {
    await using vault = await startSecretsVault({ keepFlags: true, env: { DENO_AUDIT_PERMISSIONS: log } });
    const usesIn = async () =>
      (await Deno.readTextFile(log)).trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, string>);
    const sealedAt = (await usesIn()).length;
    using client = new SecretsClient(vault, await vault.issueToken("alice"));
    for (let i = 0; i < 3; i++) await client.post("/v1/secrets", { name: `a/${i}`, kind: "manual", value: "x" });
    Deno.kill(vault.pid, "SIGHUP");
    await until(() => vault.stderr.includes("reloaded: policies"));
    const { permissions } = JSON.parse((await vault.cli("status", "--json")).stdout);
    const store = join(vault.dir, "secrets-store"), policies = join(vault.dir, "configs/policies.yml");
    assert.deepEqual(permissions.read.filter((path: string) => [store, policies].includes(path)), [store, policies]);
    assert.deepEqual(permissions.write.filter((path: string) => [store, policies].includes(path)), [store]);
    assert.equal((await vault.stop()).code, 0);
    const serving = (await usesIn()).slice(sealedAt);
    const isUsed = (kind: string, path: string) =>
      serving.some(({ permission, value }) => permission === kind && (value === path || value.startsWith(`${path}/`)));
    assert.ok(isUsed("read", policies));
    const flags = await permissionFlags(["--config", vault.config, "daemon", "start"]);
    assert.equal(flags.some((flag) => flag.includes("AWS_")), false, "nothing of AWS without AWS");
  } finally {
    await Deno.remove(log);
  }
});

Deno.test("AWS KMS: the sealed daemon writes and reads through it, and what is cached is read on without it", async () => {
  await using kms = await FakeKms.start();
  const { keyId } = await kms.createKey();
  const section = `secrets: {allowed_ips: [127.0.0.1], kms: {mode: aws, key_id: "${keyId}", region: ${kms.region}, ` +
    `endpoint: "${kms.endpoint}", max_retries: 0}}`;
  await using vault = await startSecretsVault({
    sections: { secrets: section },
    env: { AWS_ACCESS_KEY_ID: kms.accessKey.id, AWS_SECRET_ACCESS_KEY: kms.accessKey.secret },
  });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  assert.equal(
    (await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" })).status,
    201,
    vault.stderr,
  );
  await client.post("/v1/secrets", { name: "a/cold", kind: "manual", value: "x" });
  assert.equal((await client.get("/v1/secrets/a/b")).body.value, "x");
  await kms.setState(keyId, "Disabled");
  assert.equal((await client.get("/v1/secrets/a/b")).body.value, "x", "cached");
  for (const reply of [await client.get("/v1/secrets/a/cold"), await client.put("/v1/secrets/a/b", { value: "y" })]) {
    assert.deepEqual([reply.status, reply.body], [500, { error: "internal error" }]);
  }
  assert.equal((await client.get("/v1/secrets")).body.find((one: { name: string }) => one.name === "a/b").version, 1);
  assert.match(vault.stderr, /AWS KMS/);
});
