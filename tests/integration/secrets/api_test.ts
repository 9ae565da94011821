import assert from "node:assert/strict";
import { OpenApiCheck } from "../../support/openapi_check.ts";
import { type Reply, SecretsClient } from "../../support/secrets_client.ts";
import { EVERYTHING, type Permission, startSecretsVault } from "../../support/secrets_vault.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

function assertRefused({ status, body, headers }: Reply, want: number, detail: string | RegExp): void {
  assert.equal(status, want, JSON.stringify(body));
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(Object.keys(body), ["detail"]);
  if (typeof detail === "string") assert.equal(body.detail, detail);
  else assert.match(body.detail, detail);
}

/** Types and places of a 422. */
function problemsOf({ status, body }: Reply): unknown[] {
  assert.equal(status, 422, JSON.stringify(body));
  for (const problem of body.detail) {
    assert.equal(problem.input, null);
    assert.ok(problem.msg.length > 0);
  }
  return body.detail.map(({ type, loc }: { type: string; loc: unknown }) => [type, loc]);
}

Deno.test("/api serves what contract secrets.md B.2 to B.6 keep", async (t) => {
  await using vault = await startSecretsVault();
  const token = await vault.issueToken("my-service");
  using client = new SecretsClient(vault, token, "my-service");
  using stranger = new SecretsClient(vault);
  await OpenApiCheck.of(client);

  await t.step("authentication_required", async () => {
    for (const headers of [{}, { "x-service": "my-service" }, { "x-token": token }] as Record<string, string>[]) {
      const reply = await stranger.get("/api/projects", { headers });
      assertRefused(reply, 401, "Missing X-Service or X-Token header");
      assert.equal(reply.headers["www-authenticate"], "X-Service, X-Token");
    }
    for (
      const [service, given] of [["my-service", `${token}x`], ["other", token], ["nobody", "x"], ["my-service", ""]]
    ) {
      const reply = await stranger.get("/api/projects", { headers: { "x-service": service, "x-token": given } });
      assertRefused(reply, 401, given === "" ? "Missing X-Service or X-Token header" : "Invalid token");
    }
    const bearer = await stranger.get("/api/projects", { headers: { authorization: `Bearer ${token}` } });
    assert.equal(bearer.status, 200);
  });

  await t.step("test_connectivity", async () => {
    const { status, body } = await client.post("/api/secrets/test");
    assert.equal(status, 200);
    assert.deepEqual(body, { status: "ok", message: "Authentication successful for service 'my-service'" });
    const wrong = await client.get("/api/secrets/test");
    assertRefused(wrong, 405, "Method Not Allowed");
    assert.equal(wrong.headers.allow, "POST");
  });

  await t.step("create_project, list_projects, get_project_by_name", async () => {
    assert.deepEqual((await client.get("/api/projects")).body, []);
    const { status, body } = await client.post("/api/projects", { name: "test", description: "what for" });
    assert.equal(status, 201);
    assert.match(body.created_at, ISO);
    assert.deepEqual({ ...body, id: 0, created_at: "" }, {
      id: 0,
      name: "test",
      description: "what for",
      is_default: false,
      created_at: "",
      created_by: "my-service",
    });
    assert.deepEqual((await client.get("/api/projects/test")).body, body);
    assert.deepEqual((await client.get("/api/projects")).body, [body]);
    assert.deepEqual((await client.get("/api/secrets?project=test")).body, [], "no secret comes with a project");
  });

  await t.step("get_project_not_found, create_project_duplicate", async () => {
    assertRefused(await client.get("/api/projects/none"), 404, "Project 'none' not found");
    assertRefused(await client.post("/api/projects", { name: "test" }), 409, "Project 'test' already exists");
  });

  await t.step("update_project, update_project_not_found", async () => {
    assert.equal((await client.patch("/api/projects/test", { description: "new" })).body.description, "new");
    assert.equal((await client.patch("/api/projects/test", { description: null })).body.description, "new");
    assert.equal((await client.patch("/api/projects/test", {})).body.description, "new");
    assert.equal((await client.patch("/api/projects/test", { description: "" })).body.description, "");
    assertRefused(await client.patch("/api/projects/none", { description: "x" }), 404, "Project 'none' not found");
  });

  await t.step("set_default_project, set_default_project_not_found", async () => {
    await client.post("/api/projects", { name: "other" });
    assert.equal((await client.put("/api/projects/test/set-default")).body.is_default, true);
    assert.equal((await client.put("/api/projects/other/set-default")).body.is_default, true);
    const projects = (await client.get("/api/projects")).body as { name: string; is_default: boolean }[];
    assert.deepEqual(projects.filter((project) => project.is_default).map(({ name }) => name), ["other"]);
    assertRefused(await client.put("/api/projects/none/set-default"), 404, "Project 'none' not found");
  });

  await t.step("create_secret, get_secret", async () => {
    const { status, body } = await client.post("/api/secrets", { project: "test", path: "a/b", value: "v1" });
    assert.equal(status, 201);
    assert.match(body.updated_at, ISO);
    assert.deepEqual({ ...body, id: 0, updated_at: "" }, {
      id: 0,
      project: "test",
      path: "a/b",
      value: "v1",
      version: 1,
      updated_at: "",
      updated_by: "my-service",
    });
    for (const path of ["/api/secrets/test/a/b", "/api/secrets/test/a%2Fb", "/api/secrets/test%2Fa%2fb"]) {
      assert.deepEqual((await client.get(path)).body, body, path);
    }
    assertRefused(
      await client.post("/api/secrets", { project: "test", path: "a/b", value: "v1" }),
      409,
      "Secret 'secret:test:a/b' already exists",
    );
  });

  await t.step("update_secret: versions 2 and 3, the old one readable", async () => {
    const { status, body } = await client.patch("/api/secrets/test/a/b", { value: "v2" });
    assert.deepEqual([status, body.version, body.value, body.updated_by], [200, 2, "v2", "my-service"]);
    assert.equal((await client.patch("/api/secrets/test/a/b", { value: "v2" })).body.version, 3);
    assert.equal((await client.get("/api/secrets/test/a/b?version=1")).body.value, "v1");
    const conflict = await client.patch("/api/secrets/test/a/b", { value: "v", expected_version: 1 });
    assertRefused(conflict, 409, "write conflict; retry the request");
  });

  await t.step("list: never a value, filtered by project", async () => {
    await client.post("/api/secrets", { project: "other", path: "x", value: "y" });
    const all = (await client.get("/api/secrets")).body as Record<string, unknown>[];
    assert.deepEqual(all.map(({ project, path, version }) => [project, path, version]), [
      ["other", "x", 1],
      ["test", "a/b", 3],
    ]);
    assert.deepEqual(Object.keys(all[0]).sort(), ["id", "path", "project", "updated_at", "updated_by", "version"]);
    assert.equal((await client.get("/api/secrets?project=test")).body.length, 1);
    assert.equal((await client.get("/api/secrets?project=")).body.length, 2);
    assert.equal((await client.get("/api/secrets?project=test&prefix=a/")).body.length, 1);
    assert.equal((await client.get("/api/secrets?project=test&prefix=b")).body.length, 0);
  });

  await t.step("a secret that does not exist: GET, PATCH and DELETE", async () => {
    const detail = "Secret 'secret:test:none' not found";
    assertRefused(await client.get("/api/secrets/test/none"), 404, detail);
    assertRefused(await client.patch("/api/secrets/test/none", { value: "x" }), 404, detail);
    assertRefused(await client.delete("/api/secrets/test/none"), 404, detail);
    for (const path of ["other", "test/", "test//a", "test/a/", "a%3Ab/c", "test/%ff"]) {
      assertRefused(await client.get(`/api/secrets/${path}`), 404, "Not Found");
    }
  });

  await t.step("delete_secret: 204, then 404", async () => {
    const { status, text } = await client.delete("/api/secrets/test/a/b");
    assert.deepEqual([status, text], [204, ""]);
    assertRefused(await client.get("/api/secrets/test/a/b"), 404, "Secret 'secret:test:a/b' not found");
  });

  await t.step("delete_project is the administrator's, over the socket, whether it has secrets or not", async () => {
    const detail = "Projects are deleted by an administrator: runevault project delete";
    for (const name of ["test", "other"]) {
      assertRefused(await client.delete(`/api/projects/${name}`), 403, detail);
      assert.equal((await client.get(`/api/projects/${name}`)).status, 200);
    }
  });

  for (
    const { name, body, type = "application/json", want } of [
      { name: "no JSON", body: "{", want: [["json_invalid", ["body", 1]]] },
      { name: "an empty body", body: "", want: [["json_invalid", ["body", 0]]] },
      { name: "another content type", body: "{}", type: "text/plain", want: [["model_attributes_type", ["body"]]] },
      { name: "no object", body: "[1]", want: [["model_attributes_type", ["body"]]] },
      {
        name: "nothing in it",
        body: "{}",
        want: [["missing", ["body", "project"]], ["missing", ["body", "path"]], ["missing", ["body", "value"]]],
      },
      {
        name: "numbers",
        body: `{"project":1,"path":"p","value":2}`,
        want: [["string_type", ["body", "project"]], ["string_type", ["body", "value"]]],
      },
      {
        name: "an empty value",
        body: '{"project":"p","path":"q","value":""}',
        want: [["string_too_short", ["body", "value"]]],
      },
      {
        name: "a colon in the project",
        body: '{"project":"p:q","path":"r","value":"x"}',
        want: [["value_error", ["body", "project"]]],
      },
      {
        name: "a dot segment",
        body: '{"project":"p","path":"../r","value":"x"}',
        want: [["value_error", ["body", "path"]]],
      },
      {
        name: "a value over 64 KiB",
        body: JSON.stringify({ project: "p", path: "q", value: "x".repeat(65_537) }),
        want: [["value_error", ["body"]]],
      },
    ]
  ) {
    await t.step(`POST /api/secrets refuses ${name}`, async () => {
      const reply = await client.post("/api/secrets", body, { headers: { "content-type": type } });
      assert.deepEqual(problemsOf(reply), want);
    });
  }

  await t.step(
    "a body over 1 MiB is refused in the same shape, and a bad version is a problem of the query",
    async () => {
      const body = JSON.stringify({ project: "p", path: "q", value: "x".repeat(1 << 20) });
      assertRefused(await client.post("/api/secrets", body), 413, "Request Entity Too Large");
      assert.deepEqual(problemsOf(await client.get("/api/secrets/test/a?version=x")), [["int_parsing", [
        "query",
        "version",
      ]]]);
      assert.deepEqual(problemsOf(await client.get("/api/secrets?limit=0")), [["greater_than_equal", [
        "query",
        "limit",
      ]]]);
    },
  );

  await t.step("nothing else is there", async () => {
    for (const path of ["/api", "/api/", "/api/roles", "/api/secret", "/api/projects/", "/api/projects/a/b"]) {
      assertRefused(await client.get(path), 404, "Not Found");
    }
  });
});

Deno.test("/api answers by policy, with the texts of B.2", async (t) => {
  const allow = (actions: string[], ...resources: string[]): Permission => ({ effect: "allow", actions, resources });
  await using vault = await startSecretsVault({
    policies: {
      admin: [EVERYTHING],
      editor: [allow(["write", "read", "list"], "secret:test:*"), allow(["list"], "secret:other:*")],
      reader: [allow(["read"], "secret:test:prod/*")],
    },
  });
  using admin = new SecretsClient(vault, await vault.issueToken("root"), "root");
  await admin.post("/api/secrets", { project: "other", path: "x", value: "y" });
  await admin.post("/api/secrets", { project: "test", path: "prod/a", value: "y" });
  await admin.post("/api/projects", { name: "third" });
  using editor = new SecretsClient(vault, await vault.issueToken("svc", "editor"), "svc");
  using reader = new SecretsClient(vault, await vault.issueToken("rdr", "reader"), "rdr");

  await t.step("access_control", async () => {
    const create = (project: string) => editor.post("/api/secrets", { project, path: "k", value: "x" });
    assert.equal((await create("test")).status, 201);
    assertRefused(await create("other"), 403, "Service 'svc' does not have 'write' permission for 'secret:other:k'");
    assertRefused(await create("third"), 404, "Secret 'secret:third:k' not found");
  });

  await t.step("RBAC denials for write, read, delete name the action", async () => {
    const denied = (action: string) => `Service 'svc' does not have '${action}' permission for 'secret:other:x'`;
    assertRefused(await editor.patch("/api/secrets/other/x", { value: "z" }), 403, denied("write"));
    assertRefused(await editor.get("/api/secrets/other/x"), 403, denied("read"));
    assertRefused(await editor.delete("/api/secrets/other/x"), 403, denied("delete"));
    assertRefused(
      await editor.delete("/api/secrets/test/k"),
      403,
      "Service 'svc' does not have 'delete' permission for 'secret:test:k'",
    );
  });

  await t.step(
    "projects: only those of which something may be listed; creating needs the right to create there",
    async () => {
      const names = ((await editor.get("/api/projects")).body as { name: string }[]).map(({ name }) => name);
      assert.deepEqual(names, ["other", "test"]);
      assertRefused(await editor.get("/api/projects/third"), 404, "Project 'third' not found");
      assertRefused(await editor.post("/api/projects", { name: "fourth" }), 404, "Project 'fourth' not found");
      assertRefused(
        await editor.post("/api/projects", { name: "other" }),
        403,
        "Service 'svc' does not have 'write' permission for 'secret:other:*'",
      );
      assert.equal((await editor.patch("/api/projects/test", { description: "d" })).status, 200);
      assertRefused(
        await editor.put("/api/projects/other/set-default"),
        403,
        /'write' permission for 'secret:other:\*'$/,
      );
    },
  );

  await t.step("who may list nothing gets no empty list", async () => {
    assert.equal((await reader.get("/api/secrets/test/prod/a")).body.value, "y");
    assertRefused(
      await reader.get("/api/secrets"),
      403,
      "Service 'rdr' does not have 'list' permission for 'secret:*:*'",
    );
    assertRefused(await reader.get("/api/secrets?project=test"), 403, /'list' permission for 'secret:test:\*'$/);
    assertRefused(await reader.get("/api/projects"), 403, /'list' permission/);
  });
});
