import assert from "node:assert/strict";
import { SecretsClient } from "../../support/secrets_client.ts";
import { startSecretsVault } from "../../support/secrets_vault.ts";

/** What a client of either older store knows: a base URL, headers and `fetch`. */
class OldClient implements Disposable {
  readonly #http: Deno.HttpClient;

  constructor(readonly base: string, ca: string, readonly headers: Readonly<Record<string, string>>) {
    this.#http = Deno.createHttpClient({ caCerts: [ca] });
  }

  async call(method: string, path: string, body?: unknown) {
    const response = await fetch(`${this.base}${path}`, {
      method,
      client: this.#http,
      headers: { ...this.headers, ...body !== undefined && { "content-type": "application/json" } },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}

Deno.test("a myVault client works: default project, upsert by PATCH and POST, list, set-default, delete", async () => {
  await using vault = await startSecretsVault();
  const token = await vault.issueToken("my-api-service");
  const headers = { "X-Service": "my-api-service", "X-Token": token };
  using client = new OldClient(`https://localhost:${vault.port}`, vault.ca, headers);
  assert.equal((await client.call("POST", "/api/secrets/test")).body.status, "ok");
  await client.call("POST", "/api/projects", {
    name: "default_project",
    description: "Default project for storing secrets",
  });
  await client.call("PUT", "/api/projects/default_project/set-default");
  const projects = (await client.call("GET", "/api/projects")).body as { name: string; is_default: boolean }[];
  const project = projects.find(({ is_default }) => is_default)!.name;
  const upsert = async (path: string, value: string) => {
    const changed = await client.call("PATCH", `/api/secrets/${project}/${path}`, { value });
    return changed.status === 404 ? await client.call("POST", "/api/secrets", { project, path, value }) : changed;
  };
  assert.equal((await upsert("OPENAI_API_KEY", "one")).status, 201);
  assert.deepEqual((await upsert("OPENAI_API_KEY", "two")).body.version, 2);
  assert.equal((await upsert("prod/twitter-api-key", "x")).status, 201);
  const listed = (await client.call("GET", `/api/secrets?project=${project}`)).body as { path: string }[];
  assert.deepEqual(listed.map(({ path }) => path), ["OPENAI_API_KEY", "prod/twitter-api-key"]);
  assert.equal((await client.call("GET", `/api/secrets/${project}/OPENAI_API_KEY`)).body.value, "two");
  assert.equal((await client.call("DELETE", `/api/secrets/${project}/prod/twitter-api-key`)).status, 204);
  assert.equal((await client.call("GET", `/api/secrets/${project}/prod/twitter-api-key`)).status, 404);
});

Deno.test("a hyperion-vault client works: create, batch, update, rotate, verify through the grace, delete", async () => {
  await using vault = await startSecretsVault();
  const headers = { authorization: `Bearer ${await vault.issueToken("ci")}` };
  using client = new OldClient(`https://localhost:${vault.port}`, vault.ca, headers);
  const name = "stripe/key", path = `/v1/secrets/${encodeURIComponent(name)}`;
  const created = await client.call("POST", "/v1/secrets", {
    name,
    kind: "manual",
    value: "s1",
    grace_period_secs: 300,
  });
  assert.deepEqual([created.status, created.body.name, created.body.value, created.body.version], [201, name, "s1", 1]);
  const pair = { name: "db_app", kind: "automatic", username: "app", rotation_interval_secs: 2_592_000, target: null };
  const { body: { password } } = await client.call("POST", "/v1/secrets", pair);
  assert.match(password, /^[A-Za-z0-9_-]{43}$/);
  assert.equal((await client.call("PUT", path, { value: "s2" })).body.version, 2);
  for (const [value, version] of [["s1", 1], ["s2", 2]]) {
    assert.deepEqual((await client.call("POST", `${path}/verify`, { value })).body, { valid: true, version });
  }
  const rotated = (await client.call("POST", "/v1/secrets/db_app/rotate")).body;
  assert.deepEqual([rotated.username, rotated.version], ["app", 2]);
  const batch = (await client.call("POST", "/v1/batch/secrets", { names: ["db_app", "gone", name] })).body;
  assert.deepEqual(
    Object.fromEntries(batch.map((one: Record<string, string>) => [one.name, one.value ?? one.password])),
    {
      "db_app": rotated.password,
      [name]: "s2",
    },
  );
  assert.equal((await client.call("DELETE", path)).status, 204);
  assert.deepEqual(await client.call("GET", path), { status: 404, body: { error: "not found" } });
});

Deno.test("calls are counted by their templates, which name no secret", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  await client.post("/v1/secrets", { name: "canary/name", kind: "manual", value: "x" });
  for (let i = 0; i < 3; i++) await client.get("/v1/secrets/canary/name");
  await client.get("/v1/secrets/canary/none");
  await client.get("/v1/nothing/canary");
  await client.get("/api/secrets/canary/name");
  const { text } = await client.get("/metrics");
  assert.match(text, /route="\/v1\/secrets\/\{name\}",status="200"\} 3\n/);
  assert.match(text, /route="\/v1\/secrets\/\{name\}",status="404"\} 1\n/);
  assert.match(text, /route="\/v1",status="404"\} 1\n/);
  assert.match(text, /route="\/api\/secrets\/\{project\}\/\{path\}",status="200"\} 1\n/);
  assert.equal(text.includes("canary"), false);
});
