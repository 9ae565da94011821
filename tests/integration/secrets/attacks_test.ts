/*
 * Which test covers which row of contract/attacks.md on the HTTP surfaces of the secrets engine. A name in quotes without
 * a file is a test below.
 *
 * | class | test |
 * | --- | --- |
 * | dot segments and odd paths | "odd names ..." |
 * | a deny on a narrow pattern bypassed by listing | "a listing never shows ..." |
 * | glob characters in names | "names are data ..." |
 * | letter case and Unicode forms of names | "names are data ..." |
 * | destructive or expensive work before authentication | "nothing is read of a stranger's body ...", "500 strangers' bodies ..." |
 * | comparing secrets byte by byte | "unknown and known ..."; domain/access/access_guard_test.ts, domain/secrets/verify.ts: fixed work |
 * | lockout keyed on one spelling | "an address is locked out in every spelling" |
 * | secrets in logs; an error that quotes what was sent | canary_test.ts |
 * | deep or huge JSON | "deep and huge ..."; edge/rest/secrets/json/json_test.ts |
 * | audit file removed, replaced, ...; an effect although an error was returned | daemon_test.ts "while the audit log cannot be written ..." |
 * | one oversize audit entry | "the longest names ..." |
 * | paths or modes set over the network | "no request chooses a path or a mode" |
 * | acting on another's object by a leaked id | "an id opens nothing" |
 * | batch or wrapper routes | v1_test.ts "a batch with one denied name ..." |
 * | denied looks like empty | v1_test.ts, api_test.ts "who may list nothing ..." |
 * | stale permission caches | daemon_test.ts "a change of policies, role or token ..." |
 * | key-encryption service gone | daemon_test.ts "AWS KMS ..." |
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { AdminApi } from "../../support/admin_api.ts";
import { memoryOf } from "../../support/process_memory.ts";
import { type Reply, SecretsClient } from "../../support/secrets_client.ts";
import { EVERYTHING, type Permission, startSecretsVault, writePolicies } from "../../support/secrets_vault.ts";
import type { TestVault } from "../../support/test_vault.ts";

const MIB = 2 ** 20;

function namesOf({ status, body }: Reply): string[] {
  assert.equal(status, 200, JSON.stringify(body));
  return body.map(({ name, project, path }: Record<string, string>) => name ?? `${project}/${path}`);
}

function assertRefused(reply: Reply, what: string): void {
  assert.ok([400, 404, 405].includes(reply.status), `${what}: ${reply.status} ${reply.text}`);
  assert.equal(reply.headers["content-type"], "application/json", what);
  assert.ok("error" in reply.body !== "detail" in reply.body, what);
}

Deno.test("odd names in every route that carries one reach nothing but what they name", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  await client.post("/api/projects", { name: "p" });
  await client.post("/v1/secrets", { name: "p/a/b", kind: "automatic", rotation_interval_secs: 3600, value: "x" });
  const names = [".", "..", "p/..", "p/.", "../p/a/b", "p/../p/a/b", "p/./a/b", "p//a/b", "p/a/b/", "/p/a/b", "//p/a/b"]
    .concat(["p/a/%2e%2e/b", "p%2f..%2fp%2fa%2fb", "%2e%2e/%2e%2e/etc/passwd", "p/a/b%00", "p%00/a/b", "p/a/b%20"])
    .concat(["p/a%c0%afb", "p/a%e0%80%afb", "p/%ff", "p/%", "p/%2", "p/%zz", "p/a/b%0d%0aX:y", "p/a%252fb"])
    .concat([
      "p/a;b",
      "p/a:b",
      "p:a/b",
      "p/a\\b",
      "p/a%5cb",
      "P/a/b",
      "p/A/b",
      "%EF%BD%90/a/b",
      "p/a/b%CC%81",
      "p/*",
      "p/?a",
    ])
    .concat([
      "~/a",
      "p/a/b..",
      "p/...",
      "p/a/b.",
      `p/${"a".repeat(256)}`,
      `${"p".repeat(65)}/a`,
      `p/${"a/".repeat(500)}b`,
      "",
    ]);
  for (const name of names) {
    const item = name.split("?")[0];
    const calls: [string, string, unknown?][] = [
      ["GET", `/v1/secrets/${item}`],
      ["PUT", `/v1/secrets/${item}`, { value: "y" }],
      ["DELETE", `/v1/secrets/${item}`],
      ["POST", `/v1/secrets/${item}/rotate`],
      ["POST", `/v1/secrets/${item}/verify`, { value: "x" }],
      ["GET", `/api/secrets/${item}`],
      ["PATCH", `/api/secrets/${item}`, { value: "y" }],
      ["DELETE", `/api/secrets/${item}`],
      ["PATCH", `/api/projects/${item}`, { description: "y" }],
      ["PUT", `/api/projects/${item}/set-default`],
    ];
    for (const [method, path, body] of calls) {
      if (item === "" && path.startsWith("/v1/secrets//")) continue; // a name of its own: an empty one and the verb
      const reply = await client.send(method, path, { body });
      // A name that could be one is simply absent, and verifying against it is no match.
      const isAbsent = reply.status === 200 && reply.text === '{"valid":false,"version":null}';
      if (!isAbsent) assertRefused(reply, `${method} ${path}`);
    }
    const created = await client.post("/v1/secrets", { name: decoded(item), kind: "manual", value: "z" });
    if (created.status === 201) await client.delete(`/v1/secrets/${item}`);
    else assert.equal(created.status, 400, item);
  }
  const { body } = await client.get("/v1/secrets/p/a/b");
  assert.deepEqual([body.value, body.version], ["x", 1]);
  assert.deepEqual(namesOf(await client.get("/v1/secrets")), ["p/a/b"]);
  const projects = (await client.get("/api/projects")).body as Record<string, unknown>[];
  assert.ok(projects.every(({ description, is_default }) => description === null && is_default === false));
  assert.ok(projects.every(({ name }) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(String(name))));
});

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function reload(vault: TestVault): Promise<void> {
  const from = vault.stderr.length;
  Deno.kill(vault.pid, "SIGHUP");
  while (!/reloaded: policies/.test(vault.stderr.slice(from))) {
    assert.equal(vault.stderr.slice(from).includes("not reloaded: policies"), false, vault.stderr.slice(from));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** As the decisions have it: `*` any run but a colon, `?` one character; each part on its own. */
function covers(pattern: string, name: string): boolean {
  const [, project, path] = pattern.split(":"), slash = name.indexOf("/");
  const matches = (glob: string, text: string) =>
    new RegExp(
      `^${
        glob.split(/([*?])/).map((part) => part === "*" ? ".*" : part === "?" ? "." : RegExp.escape(part)).join("")
      }$`,
    )
      .test(text);
  return matches(project, name.slice(0, slash)) && matches(path, name.slice(slash + 1));
}

Deno.test("a listing never shows a name that a deny covers, whatever the policies, filters and pages", async () => {
  await using vault = await startSecretsVault({ policies: { admin: [EVERYTHING], some: [] } });
  using admin = new SecretsClient(vault, await vault.issueToken("root"));
  using client = new SecretsClient(vault, await vault.issueToken("bob", "some"));
  const names = ["a/x", "a/x/y", "a/z", "ab/x", "ab/yx", "b/a/x", "b/ab", "b/x"];
  for (const name of names) await admin.post("/v1/secrets", { name, kind: "manual", value: "v" });
  const part = fc.constantFrom("*", "a", "a*", "*b", "?", "??", "x", "x*", "*/x", "?/*", "b");
  const permission: fc.Arbitrary<Permission> = fc.record({
    effect: fc.constantFrom("allow" as const, "allow" as const, "deny" as const),
    actions: fc.subarray(["read", "list", "write", "delete"], { minLength: 1 }),
    resources: fc.array(
      fc.tuple(part.filter((text) => !text.includes("/")), part).map(([p, q]) => `secret:${p}:${q}`),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(permission, { maxLength: 4 }), async (permissions) => {
      await writePolicies(vault, { admin: [EVERYTHING], some: permissions });
      await reload(vault);
      const has = (effect: string, action: string, name: string) =>
        permissions.some((one) =>
          one.effect === effect && one.actions.includes(action) &&
          one.resources.some((pattern) => covers(pattern, name))
        );
      const visible = names.filter((name) => has("allow", "list", name) && !has("deny", "list", name));
      for (const path of ["/v1/secrets", "/api/secrets"]) {
        for (const query of ["", "?project=a", "?prefix=a", "?project=b&prefix=a", "?limit=2"]) {
          const want = visible.filter((name) =>
            new URLSearchParams(query).get("project") === null ||
            name.startsWith(`${new URLSearchParams(query).get("project")}/`)
          );
          const reply = await client.get(`${path}${query}`);
          if (reply.status === 403) {
            assert.deepEqual(want, [], `${path}${query} refuses although ${want} may be seen`);
          } else for (const name of namesOf(reply)) assert.ok(want.includes(name), `${path}${query} shows ${name}`);
        }
      }
      let shown: string[] = [], next: string | undefined = "/v1/secrets?limit=1";
      while (next !== undefined && visible.length > 0) {
        const reply = await client.get(next);
        shown = shown.concat(namesOf(reply));
        next = /^<(.+)>; rel="next"$/.exec(String(reply.headers.link ?? ""))?.[1];
      }
      assert.deepEqual(shown, visible);
      for (const name of names) {
        const mayRead = has("allow", "read", name) && !has("deny", "read", name);
        const reply = await client.get(`/v1/secrets/${name}`);
        assert.equal(reply.status, mayRead ? 200 : visible.includes(name) ? 403 : 404, name);
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("names are data: no pattern, no other case, no other form of a letter is the same name", async () => {
  const allow = (resource: string): Permission => ({ effect: "allow", actions: ["*"], resources: [resource] });
  await using vault = await startSecretsVault({
    policies: { admin: [EVERYTHING], "te*m": [allow("secret:star:*")], team: [allow("secret:team:*")], "[at]eam": [] },
  });
  using admin = new SecretsClient(vault, await vault.issueToken("root"));
  for (const name of ["team/x", "star/x"]) await admin.post("/v1/secrets", { name, kind: "manual", value: "v" });
  const api = new AdminApi(vault.socket);
  for (const [role, project] of [["te*m", "star"], ["team", "team"]]) {
    using client = new SecretsClient(vault, await api.issue(`u*${role}`, role));
    assert.deepEqual(namesOf(await client.get("/v1/secrets")), [`${project}/x`]);
  }
  using none = new SecretsClient(vault, await api.issue("[x]", "[at]eam"));
  assert.equal((await none.get("/v1/secrets")).status, 403);
  for (
    const name of ["*/x", "te?m/x", "[t]eam/x", "ｔeam/x", "te\u0301am/x", "team/\u24cd", "team /x", "team/x\u200b"]
  ) {
    assert.equal((await admin.post("/v1/secrets", { name, kind: "manual", value: "v" })).status, 400, name);
    const [project, path] = name.split("/");
    assert.equal((await admin.post("/api/secrets", { project, path, value: "v" })).status, 422, name);
    assert.equal((await admin.get(`/v1/secrets/${encodeURIComponent(name)}`)).status, 404, name);
  }
  assert.equal((await admin.get("/v1/secrets/Team/X")).status, 404);
  const star = await api.issue("*", "admin");
  for (const [service, status] of [["*", 200], ["root", 401], ["＊", 401], ["%2A", 401]] as const) {
    const headers = { "x-service": encodeURI(service).replace("%252A", "%2A"), "x-token": star };
    assert.equal((await none.get("/api/secrets", { headers, token: null })).status, status, service);
  }
});

/** Sends a head by hand and gives back all that comes, until the other side is done or has said a whole head. */
async function headOf(vault: TestVault, head: string, more = new Uint8Array()): Promise<{ text: string; ms: number }> {
  using connection = await Deno.connectTls({ hostname: "localhost", port: vault.port, caCerts: [vault.ca] });
  const started = performance.now(), bytes = new Uint8Array(65_536);
  await connection.write(new TextEncoder().encode(`${head}\r\nhost: localhost\r\n\r\n`));
  if (more.length > 0) await connection.write(more).catch(() => {});
  const count = await connection.read(bytes).catch(() => null) ?? 0;
  return { text: new TextDecoder().decode(bytes.subarray(0, count)), ms: performance.now() - started };
}

Deno.test("nothing is read of a stranger's body, and nothing is changed or promised for it", async () => {
  await using vault = await startSecretsVault();
  const token = await vault.issueToken("alice");
  using client = new SecretsClient(vault);
  const before = await memoryOf(vault.pid);
  const routes: [string, string][] = [
    ["POST", "/v1/secrets"],
    ["PUT", "/v1/secrets/a/b"],
    ["POST", "/v1/secrets/a/b/verify"],
    ["POST", "/v1/batch/secrets"],
    ["POST", "/api/projects"],
    ["POST", "/api/secrets"],
    ["PATCH", "/api/secrets/a/b"],
  ];
  for (const [method, path] of routes) {
    const announced = `${method} ${path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 4000000000`;
    const { text, ms } = await headOf(vault, announced);
    assert.match(text, /^HTTP\/1\.1 401 /, `${method} ${path}`);
    assert.ok(ms < 5_000, `${ms} ms`);
    for (const body of ["{", "[".repeat(100_000), "\xff", JSON.stringify({ name: "x", kind: "manual", value: "x" })]) {
      assert.equal((await client.send(method, path, { body })).status, 401);
    }
    // Known, the same head is answered as too large, also before a byte of it came.
    const known = await headOf(vault, `${announced}\r\nauthorization: Bearer ${token}`);
    assert.match(known.text, /^HTTP\/1\.1 413 /, `${method} ${path}`);
  }
  using admin = new SecretsClient(vault, token);
  assert.deepEqual((await admin.get("/v1/secrets")).body, []);
  assert.ok((await memoryOf(vault.pid)).peak - before.peak < 100 * MIB);
});

for (const framing of ["a length", "chunks"]) {
  Deno.test({
    name: `500 strangers' bodies of 1 MiB with ${framing} are refused in less than 400 MiB`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using vault = await startSecretsVault();
      const before = await memoryOf(vault.pid);
      const statuses = await Promise.all(Array.from({ length: 500 }, () => statusForBody(vault, framing === "chunks")));
      assert.deepEqual([...new Set(statuses)], ["HTTP/1.1 401"]);
      const { peak } = await memoryOf(vault.pid);
      assert.ok(peak - before.now < 400 * MIB, `${before.now / MIB} MiB became ${peak / MIB}`);
    },
  });
}

Deno.test("unknown and known users, and tokens of any kind, get one answer", async () => {
  await using vault = await startSecretsVault();
  const api = new AdminApi(vault.socket), token = await api.issue("alice"), other = await api.issue("bob");
  await api.send("DELETE", "/tokens/bob");
  using client = new SecretsClient(vault);
  const answer = async (path: string, headers: Record<string, string>) => {
    const { status, text, headers: { date: _date, ...rest } } = await client.get(path, { headers });
    return JSON.stringify([status, text, rest]);
  };
  const near = `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`;
  const bad = [near, other, "evt_ffffffffffffffffffffffffffffffff", "x", "evt_", `${token} `.repeat(20)];
  for (const path of ["/v1/secrets/a/b", "/api/secrets/a/b"]) {
    const answers = new Set<string>();
    for (const given of bad) {
      for (const service of ["alice", "bob", "nobody", "*"]) {
        answers.add(await answer(path, { "x-service": service, "x-token": given.trim() }));
      }
      answers.add(await answer(path, { authorization: `Bearer ${given}` }));
    }
    answers.add(await answer(path, { "x-service": "nobody", "x-token": token }));
    answers.add(await answer(path, { authorization: `Bearer ${token}`, "x-service": "alice", "x-token": near }));
    assert.equal(answers.size, 1, [...answers].join("\n"));
  }
});

Deno.test("an address is locked out in every spelling", async () => {
  const secrets = "trust_proxy: [127.0.0.1], lockout: {max_failures: 4, lockout_seconds: 600}";
  await using vault = await startSecretsVault({ secrets });
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const via = (address: string, token?: string) =>
    client.get("/v1/secrets", { headers: { "x-forwarded-for": address }, token });
  for (const address of ["2001:db8::1", "2001:DB8:0::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::0001"]) {
    assert.equal((await via(address, "evt_bad")).status, 401);
  }
  for (const address of ["2001:db8::1", "2001:DB8::1", "1.2.3.4, 2001:db8::1"]) {
    assert.equal((await via(address)).status, 429);
  }
  for (let i = 0; i < 4; i++) await via(i % 2 ? "192.0.2.1" : "::ffff:192.0.2.1", "evt_bad");
  assert.equal((await via("192.0.2.1")).status, 429);
  assert.equal((await via("::FFFF:c000:201")).status, 429);
  assert.equal((await via("2001:db8::2")).status, 429, "of the same /64");
  assert.equal((await via("2001:db8:0:1::2")).status, 200);
});

Deno.test("deep and huge bodies of a known caller are refused, memory stays bounded, others are served", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
  const { pid } = vault, before = await memoryOf(pid);
  const bodies = [
    "[".repeat(MIB - 1),
    `{"a":`.repeat(100_000),
    `[${"[],".repeat(300_000)}[]]`,
    `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join(",")}}`,
    `{"name":"${"\\u0041".repeat(170_000)}","kind":"manual"}`,
    `"${"\\".repeat(1_000_000)}"`,
    `{"value":${"1".repeat(1_000_000)}}`,
    `{"names":[${Array(200_000).fill('"a"').join(",")}]}`,
    `{"__proto__":{"kind":"manual"},"constructor":{"name":"x"},"toString":"x"}`,
    "\ufeff{}",
    `{"name":"x","name":"y","kind":"manual","value":"z"}`,
  ];
  for (let round = 0; round < 3; round++) {
    for (const body of bodies) {
      const replies = await Promise.all([
        client.post("/v1/secrets", body),
        client.put("/v1/secrets/a/b", body),
        client.post("/v1/batch/secrets", body),
        client.post("/api/secrets", body),
        client.post("/api/projects", body),
      ]);
      for (const { status } of replies) {
        assert.ok([200, 400, 413, 422].includes(status), `${body.slice(0, 20)}: ${status}`);
      }
      assert.deepEqual(replies.filter((_, i) => i !== 1).map(({ status }) => status < 300), [
        false,
        false,
        false,
        false,
      ]);
    }
    assert.equal((await client.get("/v1/secrets/a/b")).body.value, "x");
  }
  assert.equal(vault.pid, pid);
  assert.ok((await memoryOf(pid)).peak - before.peak < 300 * MIB);
  assert.deepEqual(namesOf(await client.get("/v1/secrets")), ["a/b"]);
});

Deno.test("long descriptions cut a list short, and it leads on to the rest", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const names = Array.from({ length: 300 }, (_, i) => `fat/${String(i).padStart(3, "0")}`);
  const description = "d".repeat(65_536);
  await Promise.all(names.map((name) => client.post("/v1/secrets", { name, kind: "manual", value: "x", description })));
  for (const surface of ["/v1", "/api"]) {
    const pages: string[][] = [];
    for (let path: string | undefined = `${surface}/secrets`; path !== undefined;) {
      const reply: Reply = await client.get(path);
      assert.equal(reply.status, 200);
      assert.ok(reply.text.length < 16 * MIB, `${reply.text.length}`);
      pages.push(reply.body.map((one: { name?: string; path: string }) => one.name ?? `fat/${one.path}`));
      path = /^<([^>]*)>; rel="next"$/.exec(String(reply.headers.link))?.[1];
    }
    assert.ok(pages.length > 1);
    assert.deepEqual(pages.flat(), names);
  }
  assert.equal((await client.get("/v1/secrets?limit=7")).body.length, 7);
});

Deno.test("the longest names and users fit into lines of the audit log, and the log goes on", async () => {
  await using vault = await startSecretsVault();
  const user = "u".repeat(1000), api = new AdminApi(vault.socket);
  using client = new SecretsClient(vault, await api.issue(user));
  const name = `${"p".repeat(64)}/${"a".repeat(255)}`;
  assert.equal((await client.post("/v1/secrets", { name, kind: "manual", value: "x" })).status, 201);
  assert.equal((await client.get(`/v1/secrets/${name}`)).status, 200);
  assert.equal((await client.get(`/v1/secrets/${"x".repeat(7000)}`)).status, 404);
  assert.equal((await client.get(`/v1/secrets?prefix=${"x".repeat(2000)}`)).status, 400);
  const lines = (await Deno.readTextFile(join(vault.dir, "logs/audit.log"))).trimEnd().split("\n");
  assert.equal(lines.length, 5);
  assert.ok(lines.every((line) => line.length < 4096 && JSON.parse(line).user_id === user));
});

Deno.test("no request chooses a path or a mode", async () => {
  await using vault = await startSecretsVault();
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const files = () =>
    [...Deno.readDirSync(vault.dir), ...Deno.readDirSync(join(vault.dir, "secrets-store"))]
      .map(({ name }) => name).sort();
  await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
  const before = files();
  const more = {
    file: "/tmp/x",
    database: "/tmp/x",
    mode: 511,
    id: 1,
    version: 9,
    created_by: "root",
    updated_by: "root",
  };
  const { body } = await client.post("/api/secrets", { ...more, project: "a", path: "secrets.db", value: "x" });
  assert.deepEqual([body.version, body.updated_by], [1, "alice"]);
  await client.post("/api/projects", { ...more, name: "secrets-store" });
  assert.deepEqual(files(), before);
});

Deno.test("an id opens nothing", async () => {
  const own: Permission = { effect: "allow", actions: ["*"], resources: ["secret:mine:*"] };
  await using vault = await startSecretsVault({ policies: { admin: [EVERYTHING], own: [own] } });
  using admin = new SecretsClient(vault, await vault.issueToken("root"));
  using client = new SecretsClient(vault, await vault.issueToken("bob", "own"));
  const { id } = (await admin.post("/api/secrets", { project: "theirs", path: "x", value: "v" })).body;
  for (const path of [`/api/secrets/${id}`, `/v1/secrets/${id}`, `/api/projects/${id}`, `/api/secrets/theirs/${id}`]) {
    assert.equal((await client.get(path)).status, 404);
  }
  const moved = await client.post("/api/secrets", { id, project: "mine", path: "x", value: "w" });
  assert.notEqual(moved.body.id, id);
  assert.equal((await admin.get("/api/secrets/theirs/x")).body.value, "v");
});

/** Sends a body of 1 MiB without a token, as fast as it is taken. @returns How the answer begins. */
async function statusForBody({ port, ca }: TestVault, isChunked: boolean): Promise<string> {
  using client = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca], alpnProtocols: ["http/1.1"] });
  const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${MIB}`;
  const head = `PUT /v1/secrets/x HTTP/1.1\r\nhost: localhost\r\n${framing}\r\n\r\n${isChunked ? "100000\r\n" : ""}`;
  const request = new TextEncoder().encode(`${head}${"x".repeat(MIB)}${isChunked ? "\r\n0\r\n\r\n" : ""}`);
  const sent = sendAll(client, request).catch(() => {}); // it is cut where the answer comes first
  const answer = new Uint8Array(12);
  let length = 0;
  for (let count; length < answer.length && (count = await client.read(answer.subarray(length))) !== null;) {
    length += count;
  }
  await sent;
  return new TextDecoder().decode(answer.subarray(0, length));
}

async function sendAll(client: Deno.TlsConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at, at + 65_536));
}
