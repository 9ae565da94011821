import assert from "node:assert/strict";
import { OpenApiCheck } from "../../support/openapi_check.ts";
import { type Reply, SecretsClient } from "../../support/secrets_client.ts";
import { EVERYTHING, type Permission, startSecretsVault } from "../../support/secrets_vault.ts";

const ZULU = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function assertRefused({ status, body, headers }: Reply, want: number, error: string | RegExp): void {
  assert.equal(status, want, JSON.stringify(body));
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(Object.keys(body), ["error"]);
  if (typeof error === "string") assert.equal(body.error, error);
  else assert.match(body.error, error);
}

Deno.test("/v1 serves what contract secrets.md A.3 to A.9 keep", async (t) => {
  await using vault = await startSecretsVault();
  const token = await vault.issueToken("alice");
  using client = new SecretsClient(vault, token);
  using stranger = new SecretsClient(vault);
  await OpenApiCheck.of(client);

  await t.step("healthz_is_public", async () => {
    for (const [path, text] of [["/healthz", "ok"], ["/readyz", "ready"]]) {
      const { status, text: body, headers } = await stranger.get(path);
      assert.deepEqual([status, body], [200, text]);
      assert.match(String(headers["content-type"]), /^text\/plain/);
    }
  });

  await t.step("create_requires_admin_token", async () => {
    assertRefused(await stranger.post("/v1/secrets", { name: "a", kind: "manual", value: "x" }), 401, "unauthorized");
  });

  await t.step("create_with_malformed_authorization", async () => {
    for (const authorization of ["Basic abc", "Bearer", "Bearer ", token, `BEARER ${token}`, `Bearer ${token}x`]) {
      const reply = await stranger.post("/v1/secrets", {}, { headers: { authorization } });
      assertRefused(reply, 401, "unauthorized");
      assert.equal(reply.headers["www-authenticate"], undefined);
    }
  });

  await t.step("create, read, update, delete, each in its shape", async () => {
    const created = await client.post("/v1/secrets", {
      name: "db/app",
      kind: "manual",
      username: "app",
      password: "one",
    });
    assert.equal(created.status, 201);
    assert.match(created.body.created_at, ZULU);
    assert.deepEqual({ ...created.body, created_at: "" }, {
      name: "db/app",
      kind: "manual",
      format: "userpass",
      version: 1,
      username: "app",
      password: "one",
      created_at: "",
    });
    assert.equal(created.headers["cache-control"], "no-store");
    assert.deepEqual((await client.get("/v1/secrets/db/app")).body, created.body);

    const updated = await client.put("/v1/secrets/db/app", { password: 'zwö"\\\u0000\n', description: "d" });
    assert.equal(updated.status, 200);
    assert.deepEqual({ ...updated.body, created_at: "", updated_at: "" }, {
      name: "db/app",
      kind: "manual",
      format: "userpass",
      description: "d",
      version: 2,
      rotation_interval_secs: null,
      grace_period_secs: 0,
      next_rotation_at: null,
      created_at: "",
      updated_at: "",
    });
    const now = await client.get("/v1/secrets/db%2Fapp");
    assert.deepEqual([now.body.username, now.body.password, now.body.version], ["app", 'zwö"\\\u0000\n', 2]);
    assert.equal(now.headers.etag, '"2"');
    assert.equal((await client.get("/v1/secrets/db/app?version=1")).body.password, "one");
    assertRefused(await client.get("/v1/secrets/db/app?version=3"), 404, "not found");

    const gone = await client.delete("/v1/secrets/db/app");
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    assertRefused(await client.get("/v1/secrets/db/app"), 404, "not found");
    assertRefused(await client.delete("/v1/secrets/db/app"), 404, "not found");
    assertRefused(await client.put("/v1/secrets/db/app", {}), 404, "not found");
    const again = await client.post("/v1/secrets", { name: "db/app", kind: "manual", value: "x" });
    assert.deepEqual([again.status, again.body.version], [201, 1]);
  });

  await t.step("a name without a slash is one of the default project, and comes back as it was given", async () => {
    assert.equal((await client.post("/v1/secrets", { name: "plain", kind: "manual", value: "x" })).body.name, "plain");
    assert.equal((await client.get("/v1/secrets/default/plain")).body.name, "plain");
    assertRefused(
      await client.post("/v1/secrets", { name: "default/plain", kind: "manual", value: "y" }),
      409,
      "secret 'plain' already exists",
    );
  });

  await t.step("automatic secrets: generated, rotated, timed", async () => {
    const made = await client.post("/v1/secrets", {
      name: "svc/key",
      kind: "automatic",
      rotation_interval_secs: 86400,
      grace_period_secs: 3600,
    });
    assert.match(made.body.value, /^[A-Za-z0-9_-]{43}$/);
    const rotated = await client.post("/v1/secrets/svc/key/rotate");
    assert.deepEqual([rotated.status, rotated.body.version], [200, 2]);
    assert.notEqual(rotated.body.value, made.body.value);
    const [metadata] = (await client.get("/v1/secrets?project=svc")).body;
    assert.deepEqual([metadata.rotation_interval_secs, metadata.grace_period_secs], [86400, 3600]);
    assert.equal(Date.parse(metadata.next_rotation_at) - Date.parse(metadata.updated_at), 86_400_000);
    assertRefused(
      await client.post("/v1/secrets/plain/rotate"),
      400,
      "only automatic secrets can be rotated; use update for manual secrets",
    );
    assertRefused(await client.post("/v1/secrets/none/rotate"), 404, "not found");
  });

  await t.step("old value verifies as 1 and new as 2 within grace, and no other", async () => {
    await client.post("/v1/secrets", { name: "v/s", kind: "manual", value: "old", grace_period_secs: 600 });
    await client.put("/v1/secrets/v/s", { value: "new" });
    const verdict = async (name: string, value: string) =>
      (await client.post(`/v1/secrets/${name}/verify`, { value })).body;
    assert.deepEqual(await verdict("v/s", "old"), { valid: true, version: 1 });
    assert.deepEqual(await verdict("v/s", "new"), { valid: true, version: 2 });
    assert.deepEqual(await verdict("v/s", "other"), { valid: false, version: null });
    assert.deepEqual(await verdict("v/unknown", "other"), { valid: false, version: null });
    await client.put("/v1/secrets/v/s", { grace_period_secs: 0 });
    await client.put("/v1/secrets/v/s", { value: "newer" });
    assert.deepEqual(await verdict("v/s", "new"), { valid: false, version: null });
  });

  await t.step("a secret whose path ends in a verb is read and changed by its name, and POST is the verb", async () => {
    await client.post("/v1/secrets", { name: "a/rotate", kind: "automatic", rotation_interval_secs: 60, value: "one" });
    assert.equal((await client.get("/v1/secrets/a/rotate")).body.value, "one");
    assert.equal((await client.put("/v1/secrets/a/rotate", { description: "d" })).status, 200);
    assert.equal((await client.post("/v1/secrets/a/rotate/rotate")).body.version, 2);
    assert.equal((await client.post("/v1/secrets/a%2Frotate%2Frotate")).body.version, 3);
    assertRefused(await client.post("/v1/secrets/a/rotate"), 404, "not found"); // the verb, on default/a
    assertRefused(await client.post("/v1/secrets/a/b"), 405, "method not allowed");
    assert.equal((await client.delete("/v1/secrets/a/rotate")).status, 204);
  });

  await t.step("batch: in the order asked for, unknown names left out, 256 at most", async () => {
    const { status, body } = await client.post("/v1/batch/secrets", {
      names: ["v/s", "no/no", "plain", "v/s", "..", ""],
    });
    assert.equal(status, 200);
    assert.deepEqual(body.map(({ name }: { name: string }) => name), ["v/s", "plain", "v/s"]);
    assert.deepEqual((await client.post("/v1/batch/secrets", { names: [] })).body, []);
    assertRefused(
      await client.post("/v1/batch/secrets", { names: Array(257).fill("plain") }),
      400,
      "batch too large: 257 names (max 256)",
    );
  });

  await t.step("list: metadata by name, without values, in pages where asked for", async () => {
    const all = (await client.get("/v1/secrets")).body as { name: string }[];
    const names = all.map(({ name }) => name);
    assert.deepEqual(names, ["db/app", "plain", "svc/key", "v/s"]);
    assert.ok(all.every((item) => !("value" in item) && !("password" in item)));
    const first = await client.get("/v1/secrets?limit=3");
    assert.equal(first.body.length, 3);
    const next = /^<(.+)>; rel="next"$/.exec(String(first.headers.link))![1];
    assert.deepEqual((await client.get(next)).body.map(({ name }: { name: string }) => name), ["v/s"]);
    assert.deepEqual((await client.get("/v1/secrets?prefix=sv")).body.length, 1);
    assert.deepEqual((await client.get("/v1/secrets?project=none")).body, []);
    for (const query of ["limit=0", "limit=x", "limit=10001"]) {
      assertRefused(await client.get(`/v1/secrets?${query}`), 400, /^Failed to deserialize query string: limit/);
    }
  });

  await t.step("a change may name the version that it expects", async () => {
    const conflict = "write conflict; retry the request";
    assertRefused(await client.put("/v1/secrets/plain", { value: "y", expected_version: 7 }), 409, conflict);
    const stale = { headers: { "if-match": '"7"' } };
    assertRefused(await client.put("/v1/secrets/plain", { value: "y" }, stale), 409, conflict);
    assertRefused(await client.delete("/v1/secrets/plain", stale), 409, conflict);
    assertRefused(await client.post("/v1/secrets/svc/key/rotate", undefined, stale), 409, conflict);
    assert.equal((await client.get("/v1/secrets/plain")).body.version, 1);
    const fresh = { headers: { "if-match": '"1"' } };
    assert.equal((await client.put("/v1/secrets/plain", { value: "y", expected_version: 1 }, fresh)).body.version, 2);
    assertRefused(
      await client.put("/v1/secrets/plain", { expected_version: 2 }, fresh),
      400,
      "'expected_version' and If-Match differ",
    );
    for (const tag of ["x", "", '""', 'W/"2"', '"2", "3"', "0", "2e0"]) {
      assertRefused(await client.delete("/v1/secrets/plain", { headers: { "if-match": tag } }), 400, /header/);
    }
  });

  await t.step("a query says each thing once", async () => {
    for (const query of ["plain?version=1&version=2", "plain?version=0", "plain?version=1e0", "plain?version=-1"]) {
      assertRefused(await client.get(`/v1/secrets/${query}`), 400, /^Failed to deserialize query string: version: /);
    }
    for (const name of ["project", "prefix", "after", "limit"]) {
      assertRefused(await client.get(`/v1/secrets?${name}=1&${name}=1`), 400, /more than once/);
    }
  });

  await t.step("races for one version have one winner", async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => client.put("/v1/secrets/v/s", { value: `r${i}`, expected_version: 3 })),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)]);
  });

  for (
    const { name, body, type = "application/json", want, error } of [
      { name: "no JSON", body: "{", want: 400, error: /^Failed to parse the request body as JSON/ },
      { name: "trailing garbage", body: "{} x", want: 400, error: /^Failed to parse the request body as JSON/ },
      { name: "an empty body", body: "", want: 400, error: /^Failed to parse the request body as JSON/ },
      {
        name: "another content type",
        body: "{}",
        type: "text/plain",
        want: 415,
        error: /^Expected request with `Content-Type: application\/json`/,
      },
      { name: "no object", body: "[]", want: 422, error: /^Failed to deserialize the JSON body into the target type/ },
      { name: "no name", body: '{"kind":"manual"}', want: 422, error: /name: Field required$/ },
      { name: "no kind", body: '{"name":"x"}', want: 422, error: /kind: Field required$/ },
      {
        name: "an unknown kind",
        body: '{"name":"x","kind":"auto"}',
        want: 422,
        error: /kind: Input should be 'manual' or 'automatic'$/,
      },
      {
        name: "a number for a value",
        body: '{"name":"x","kind":"manual","value":1}',
        want: 422,
        error: /value: Input should be a valid string$/,
      },
      { name: "a bad name", body: '{"name":"a:b","kind":"manual","value":"x"}', want: 400, error: /path|project/ },
      {
        name: "an empty value",
        body: '{"name":"x","kind":"manual","value":""}',
        want: 400,
        error: "secret value must not be empty",
      },
      { name: "no value", body: '{"name":"x","kind":"manual"}', want: 400, error: "manual secret requires 'value'" },
      {
        name: "no password",
        body: '{"name":"x","kind":"manual","username":"u"}',
        want: 400,
        error: "manual userpass secret requires 'password'",
      },
      {
        name: "no username",
        body: '{"name":"x","kind":"manual","password":"p"}',
        want: 400,
        error: "userpass secret requires 'username'",
      },
      {
        name: "value and password",
        body: '{"name":"x","kind":"manual","value":"v","username":"u","password":"p"}',
        want: 400,
        error: "provide either 'value' or 'username'/'password', not both",
      },
      {
        name: "no interval",
        body: '{"name":"x","kind":"automatic"}',
        want: 400,
        error: "automatic secret requires positive 'rotation_interval_secs'",
      },
      {
        name: "a rotation target",
        body: '{"name":"x","kind":"manual","value":"v","target":{"type":"pg_replica","hosts":["db"]}}',
        want: 400,
        error: "'target' is not supported: the vault opens no connection to a database",
      },
      {
        name: "a negative grace",
        body: '{"name":"x","kind":"manual","value":"v","grace_period_secs":-1}',
        want: 400,
        error: "grace_period_secs must not be negative",
      },
      {
        name: "a value of 65,537 bytes",
        body: JSON.stringify({ name: "x", kind: "manual", value: "v".repeat(65_537) }),
        want: 400,
        error: "secret value is too large",
      },
      {
        name: "a body over 1 MiB",
        body: JSON.stringify({ name: "x", kind: "manual", value: "v".repeat(1 << 20) }),
        want: 413,
        error: "Failed to buffer the request body",
      },
    ]
  ) {
    await t.step(`POST /v1/secrets refuses ${name}`, async () => {
      assertRefused(await client.post("/v1/secrets", body, { headers: { "content-type": type } }), want, error);
      assertRefused(await client.get("/v1/secrets/x"), 404, "not found");
    });
  }

  await t.step("an update of the wrong format is refused", async () => {
    assertRefused(
      await client.put("/v1/secrets/plain", { password: "x" }),
      400,
      "secret is opaque; use 'value', not 'username'/'password'",
    );
    await client.post("/v1/secrets", { name: "up", kind: "manual", username: "u", password: "p" });
    assertRefused(
      await client.put("/v1/secrets/up", { value: "x" }),
      400,
      "secret is userpass; use 'username'/'password', not 'value'",
    );
    assertRefused(
      await client.put("/v1/secrets/up", { rotation_interval_secs: 0 }),
      400,
      "rotation_interval_secs must be positive",
    );
    assert.equal((await client.put("/v1/secrets/up", { username: "v" })).body.version, 2);
    assert.equal((await client.get("/v1/secrets/up")).body.password, "p");
  });

  await t.step("a value of 65,536 bytes is kept", async () => {
    const value = "ä".repeat(32_768);
    assert.equal((await client.post("/v1/secrets", { name: "big", kind: "manual", value })).status, 201);
    assert.equal((await client.get("/v1/secrets/big")).body.value, value);
  });

  await t.step("administration is not on HTTP", async () => {
    for (
      const path of ["/v1/roles", "/v1/tokens", "/v1/backup", "/v1/restore", "/v1/admin/kms/rewrap", "/v1", "/v1/"]
    ) {
      for (const method of ["GET", "POST"]) assertRefused(await client.send(method, path), 404, "not found");
    }
    assert.equal((await client.send("PATCH", "/v1/secrets")).headers.allow, "GET, POST");
  });

  await t.step("no answer depends on a token that has died", async () => {
    const other = await vault.issueToken("bob");
    assert.equal((await stranger.get("/v1/secrets/plain", { token: other })).status, 200);
    await vault.cli("token", "revoke", "--user", "bob");
    assertRefused(await stranger.get("/v1/secrets/plain", { token: other }), 401, "unauthorized");
  });
});

const ONLY_READ: Permission = { effect: "allow", actions: ["read", "verify", "list"], resources: ["secret:*:*"] };

Deno.test("/v1 reads are for allowed addresses alone", async (t) => {
  await using vault = await startSecretsVault({ allowedIps: ["192.0.2.0/24"], secrets: "trust_proxy: [127.0.0.1]" });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
  const via = (address: string) => ({ headers: { "x-forwarded-for": address } });

  await t.step("read_from_disallowed_ip", async () => {
    assertRefused(await client.get("/v1/secrets/a/b"), 403, "forbidden");
    assertRefused(await client.get("/v1/secrets/none"), 403, "forbidden");
    assert.equal((await client.get("/v1/secrets/a/b", via("192.0.2.9"))).status, 200);
    assertRefused(await client.get("/v1/secrets/a/b", via("192.0.3.9")), 403, "forbidden");
    assertRefused(await client.get("/v1/secrets/a/b", via("192.0.2.9, 192.0.3.9")), 403, "forbidden");
  });

  await t.step("verify_from_disallowed_ip", async () => {
    assertRefused(await client.post("/v1/secrets/a/b/verify", { value: "x" }), 403, "forbidden");
    const { body } = await client.post("/v1/secrets/a/b/verify", { value: "x" }, via("192.0.2.9"));
    assert.deepEqual(body, { valid: true, version: 1 });
  });

  await t.step("batch and /api reads are refused too, lists and changes are not", async () => {
    assertRefused(await client.post("/v1/batch/secrets", { names: ["a/b"] }), 403, "forbidden");
    assert.equal((await client.get("/api/secrets/a/b")).status, 403);
    assert.equal((await client.get("/v1/secrets", via("192.0.3.8"))).status, 200);
    assert.equal((await client.put("/v1/secrets/a/b", { value: "y" }, via("192.0.3.8"))).status, 200);
  });
});

Deno.test("empty_allowlist: /v1 reads are refused to everyone", async () => {
  await using vault = await startSecretsVault({ allowedIps: [] });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
  assertRefused(await client.get("/v1/secrets/a/b"), 403, "forbidden");
  assertRefused(await client.post("/v1/secrets/a/b/verify", { value: "x" }), 403, "forbidden");
});

Deno.test("/v1 locks an address out that keeps failing, and says for how long", async () => {
  const secrets = "trust_proxy: [127.0.0.1], lockout: {max_failures: 3, lockout_seconds: 60}";
  await using vault = await startSecretsVault({ secrets, allowedIps: ["0.0.0.0/0"] });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const via = (address: string, token?: string) => ({ headers: { "x-forwarded-for": address }, token });
  for (let i = 0; i < 3; i++) {
    assertRefused(await client.get("/v1/secrets", via("192.0.2.1", "evt_bad")), 401, "unauthorized");
  }
  const locked = await client.get("/v1/secrets", via("192.0.2.1"));
  assertRefused(locked, 429, "too many failed attempts; locked out");
  assert.ok(Number(locked.headers["retry-after"]) > 50 && Number(locked.headers["retry-after"]) <= 60);
  assert.equal((await client.get("/api/secrets", via("192.0.2.1"))).status, 429);
  assert.equal((await client.get("/healthz", via("192.0.2.1"))).status, 200);
  assert.equal((await client.get("/v1/secrets", via("192.0.2.2"))).status, 200);
});

Deno.test("/v1 holds the role's rate limit", async () => {
  await using vault = await startSecretsVault({ policies: { admin: [EVERYTHING], slow: [ONLY_READ] } });
  const token = await vault.issueToken("alice", "slow");
  await vault.cli("role", "update", "--name", "slow", "--rate-limit", "2/60s");
  using client = new SecretsClient(vault, token);
  for (let i = 0; i < 2; i++) assert.equal((await client.get("/v1/secrets")).status, 200);
  const refused = await client.get("/v1/secrets");
  assertRefused(refused, 429, "rate limit exceeded");
  assert.ok(Number(refused.headers["retry-after"]) >= 1);
});

Deno.test("/v1 answers by policy, and hides what is neither readable nor listable", async (t) => {
  const allow = (actions: string[], ...resources: string[]): Permission => ({ effect: "allow", actions, resources });
  await using vault = await startSecretsVault({
    policies: {
      admin: [EVERYTHING],
      payments: [allow(["*"], "secret:stripe:*"), {
        effect: "deny",
        actions: ["*"],
        resources: ["secret:stripe:root*"],
      }],
      writer: [allow(["write"], "secret:*:*")],
      lister: [allow(["list"], "secret:*:*")],
      nobody: [],
    },
  });
  using admin = new SecretsClient(vault, await vault.issueToken("root"));
  for (const name of ["stripe/key", "stripe/root/key", "db/pw"]) {
    assert.equal((await admin.post("/v1/secrets", { name, kind: "manual", value: "x" })).status, 201);
  }
  const clientOf = async (role: string) => new SecretsClient(vault, await vault.issueToken(`u-${role}`, role));

  await t.step("payment_role_is_confined_to_stripe", async () => {
    using client = await clientOf("payments");
    assert.equal((await client.get("/v1/secrets/stripe/key")).status, 200);
    for (const name of ["db/pw", "stripe/root/key", "db/unknown"]) {
      assertRefused(await client.get(`/v1/secrets/${name}`), 404, "not found");
      assertRefused(await client.put(`/v1/secrets/${name}`, { value: "y" }), 404, "not found");
      assertRefused(await client.delete(`/v1/secrets/${name}`), 404, "not found");
      assertRefused(await client.post(`/v1/secrets/${name}/verify`, { value: "x" }), 404, "not found");
    }
    assert.deepEqual((await client.get("/v1/secrets")).body.map(({ name }: { name: string }) => name), ["stripe/key"]);
    assertRefused(await client.get("/v1/secrets?project=db"), 403, "forbidden");
  });

  await t.step("a batch with one denied name is refused whole", async () => {
    using client = new SecretsClient(vault, await vault.issueToken("u2", "payments"));
    assert.equal((await client.post("/v1/batch/secrets", { names: ["stripe/key"] })).body.length, 1);
    assertRefused(await client.post("/v1/batch/secrets", { names: ["stripe/key", "db/pw"] }), 403, "forbidden");
    assertRefused(await client.post("/v1/batch/secrets", { names: ["db/nothing"] }), 403, "forbidden");
  });

  await t.step("a right to write is no right to read, and a right to list none to either", async () => {
    using writer = await clientOf("writer"), lister = await clientOf("lister");
    assert.equal((await writer.put("/v1/secrets/db/pw", { value: "y" })).status, 200);
    assertRefused(await writer.get("/v1/secrets/db/pw"), 404, "not found");
    assertRefused(await writer.get("/v1/secrets"), 403, "forbidden");
    assert.equal((await lister.get("/v1/secrets")).body.length, 3);
    assertRefused(await lister.get("/v1/secrets/db/pw"), 403, "forbidden");
    assertRefused(await lister.put("/v1/secrets/db/pw", { value: "z" }), 403, "forbidden");
    assertRefused(await lister.post("/v1/secrets", { name: "new/one", kind: "manual", value: "z" }), 403, "forbidden");
  });

  await t.step("a role without policies may do nothing, and no list of its is empty", async () => {
    using nobody = await clientOf("nobody");
    assertRefused(await nobody.get("/v1/secrets"), 403, "forbidden");
    assertRefused(await nobody.get("/v1/secrets/stripe/key"), 404, "not found");
    assertRefused(await nobody.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" }), 404, "not found");
  });
});
