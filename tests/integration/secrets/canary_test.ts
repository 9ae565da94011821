import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { filesIn } from "../../support/files.ts";
import { type Reply, SecretsClient } from "../../support/secrets_client.ts";
import { EVERYTHING, MASTER_KEY, type SecretsVaultOptions, startSecretsVault } from "../../support/secrets_vault.ts";
import type { TestVault } from "../../support/test_vault.ts";

/** Where secrets have to be. */
const HOMES = /\/(configs\/(tokens\.yml|master_key)|vault-keys\/.*|certs\/server\.key)$/;

/** Texts that no log, file or refusal may hold. */
class Canaries {
  readonly #secrets = new Set<string>();

  make(kind: string): string {
    return this.add(
      `canary${kind}${this.#secrets.size.toString(16)}x${"0123456789abcdef".slice(this.#secrets.size % 7)}`,
    );
  }

  add(secret: string): string {
    this.#secrets.add(secret);
    return secret;
  }

  /** Also in base64, hex and JSON's, URLs' and UTF-16's form. */
  assertAbsent(bytes: Uint8Array | string, where: string): void {
    const text = Buffer.from(bytes);
    for (const secret of this.#secrets) {
      const forms = [
        secret,
        btoa(secret).slice(0, 16),
        Buffer.from(secret).toString("hex"),
        encodeURIComponent(secret),
      ];
      for (const form of [...forms.map((form) => Buffer.from(form)), Buffer.from(secret, "utf16le")]) {
        const at = text.indexOf(form);
        assert.ok(at < 0, `${secret} in ${where}: …${text.subarray(Math.max(0, at - 80), at + 80)}…`);
      }
    }
  }
}

/** The log, every file with the database and its write-ahead log, temporary files, and what the process shows of itself. */
function assertNothingLeaked(vault: TestVault, canaries: Canaries): void {
  canaries.assertAbsent(vault.stderr, "the log");
  for (const path of filesIn(vault.dir)) {
    if (!HOMES.test(path)) canaries.assertAbsent(Deno.readFileSync(path), path);
  }
  if (Deno.build.os !== "linux") return;
  for (const name of ["cmdline", "environ"]) {
    canaries.assertAbsent(Deno.readTextFileSync(`/proc/${vault.pid}/${name}`), name);
  }
  for (const { name } of Deno.readDirSync(`/proc/${vault.pid}/fd`)) {
    const target = linkOf(`/proc/${vault.pid}/fd/${name}`);
    assert.equal(/^\/(tmp|var\/tmp|dev\/shm)\/(?!rv-|deno)/.test(target), false, `an open temporary file: ${target}`);
  }
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return ""; // closed by now
  }
}

async function withVault(
  options: SecretsVaultOptions,
  test: (vault: TestVault, client: SecretsClient, canaries: Canaries) => Promise<void>,
): Promise<void> {
  await using vault = await startSecretsVault({ sections: { log: "log: {level: debug}" }, ...options });
  const canaries = new Canaries();
  canaries.add(MASTER_KEY.slice(0, 30));
  using client = new SecretsClient(vault, canaries.add(await vault.issueToken("alice")));
  await test(vault, client, canaries);
}

Deno.test("no value of a good call stands in logs, files, audit or the process list", () =>
  withVault({}, async (vault, client, canaries) => {
    const ok = (reply: Reply) => {
      assert.ok(reply.status < 300, reply.text);
      return reply.body;
    };
    const value = canaries.make("value");
    assert.equal(ok(await client.post("/v1/secrets", { name: "a/b", kind: "manual", value })).value, value);
    ok(await client.put("/v1/secrets/a/b", { value: canaries.make("second"), grace_period_secs: 100 }));
    ok(await client.put("/v1/secrets/a/b", { value: canaries.make("third") }));
    ok(await client.get("/v1/secrets/a/b?version=1"));
    ok(await client.post("/v1/secrets/a/b/verify", { value: canaries.make("guess") }));
    const pair = { username: canaries.make("user"), password: canaries.make("password") };
    ok(await client.post("/v1/secrets", { name: "a/pair", kind: "manual", ...pair }));
    ok(await client.put("/v1/secrets/a/pair", { password: canaries.make("changed") }));
    const automatic = { name: "a/auto", kind: "automatic", rotation_interval_secs: 3600 };
    canaries.add(ok(await client.post("/v1/secrets", automatic)).value);
    canaries.add(ok(await client.post("/v1/secrets/a/auto/rotate")).value);
    ok(await client.post("/api/secrets", { project: "p", path: "q", value: canaries.make("api") }));
    ok(await client.patch("/api/secrets/p/q", { value: canaries.make("patched") }));
    ok(await client.post("/v1/batch/secrets", { names: ["a/b", "a/pair", "a/auto", "p/q"] }));
    assertNothingLeaked(vault, canaries);
    for (const path of ["/v1/secrets", "/api/secrets", "/api/projects", "/openapi.json", "/health", "/metrics"]) {
      canaries.assertAbsent((await client.get(path)).text, path);
    }
    ok(await client.delete("/v1/secrets/a/pair"));
    await vault.stop("SIGKILL");
    assert.ok([...filesIn(join(vault.dir, "secrets-store"))].some((path) => path.endsWith("-wal")), "the log is there");
    await vault.start();
    assertNothingLeaked(vault, canaries);
    assert.equal((await vault.stop()).code, 0);
    canaries.assertAbsent(vault.stderr, "the log");
  }));

Deno.test("nothing of a malformed call stands in logs, files, audit, or in its own refusal", () =>
  withVault({ policies: { admin: [EVERYTHING], nobody: [] } }, async (vault, client, canaries) => {
    await client.post("/v1/secrets", { name: "a/b", kind: "manual", value: "x" });
    await client.post("/v1/secrets", { name: "a/pair", kind: "manual", username: "u", password: "p" });
    using nobody = new SecretsClient(vault, await vault.issueToken("bob", "nobody"));
    const c = (kind: string) => canaries.make(kind);
    let count = 0;
    const refused = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      for (const caller of [client, nobody]) {
        const reply = await caller.send(method, path, { body, headers });
        // Members that are not known are no mistake, so an update of nothing passes.
        assert.ok(
          reply.status === 200 || reply.status >= 400 && reply.status < 500,
          `${method} ${path}: ${reply.text}`,
        );
        canaries.assertAbsent(reply.text + JSON.stringify(reply.headers), `the answer to ${method} ${path}`);
        if (reply.status !== 200) count += 1;
      }
    };
    const bodies = () => [
      `{"name":"${c("cut")}`,
      `"${c("bare")}"`,
      c("word"),
      `{"${c("member")}":"${c("value")}"}`,
      `{"value":"x","value":"${c("twice")}"}`,
      `{"value":["${c("list")}"],"name":{"x":"${c("object")}"},"names":"${c("names")}","project":1,"path":"${
        c("path")
      }"}`,
      `{"name":"a:${c("colon")}","kind":"${c("kind")}","value":"${c("value")}","project":"${
        c("project")
      }:","path":"x","names":[1]}`,
      `{"value":"\\ud800${c("surrogate")}"}`,
      new Uint8Array([...new TextEncoder().encode(`{"value":"${c("utf8")}`), 0xff, 0x22, 0x7d]),
      `{"value":"","name":"..","kind":"manual","project":"..","path":"..","description":"${
        c("description")
      }","names":"${c("n")}"}`,
      `{"value":"${c("escape")}\\q"}`,
      `${"[".repeat(50)}"${c("deep")}"`,
    ];
    const writes = [["POST", "/v1/secrets"], ["PUT", "/v1/secrets/a/pair"], ["POST", "/v1/batch/secrets"]]
      .concat([["POST", "/api/projects"], ["POST", "/api/secrets"], ["PATCH", "/api/secrets/a/pair"]]);
    for (const [method, path] of writes) for (const body of bodies()) await refused(method, path, body);
    for (const body of bodies().slice(0, 3)) await refused("POST", "/v1/secrets/a/b/verify", body);
    for (
      const body of [
        `{"value":"${c("v")}","expected_version":9}`,
        `{"value":"${c("v")}","expected_version":"${c("v")}"}`,
      ]
    ) {
      await refused("PUT", "/v1/secrets/a/b", body);
      await refused("PATCH", "/api/secrets/a/b", body);
    }
    await refused("PUT", "/v1/secrets/a/b", { username: c("user"), password: c("password") });
    await refused("POST", "/v1/secrets", { name: "a/b", kind: "manual", value: c("exists") });
    await refused("POST", "/api/secrets", { project: "a", path: "b", value: c("exists") });
    await refused("POST", "/v1/secrets", { name: "z", kind: "manual", value: c("long").padEnd(70_000, "x") });
    await refused("POST", "/v1/secrets", { name: c("huge"), kind: "manual", value: c("huge").padEnd(1 << 20, "x") });
    for (const query of ["version", "limit"]) {
      await refused("GET", `/v1/secrets/a/b?version=${c(query)}&limit=${c(query)}`);
    }
    await refused("GET", `/v1/secrets?limit=${c("limit")}`);
    for (const path of ["/v1/secrets", "/api/secrets"]) {
      await refused("GET", `${path}?project=${c("project")}%3A`);
      await refused("GET", `${path}?prefix=${c("prefix").padEnd(2000, "x")}`);
    }
    await refused("GET", `/api/secrets?limit=${c("limit")}`);
    for (const path of ["/v1/secrets/a:", "/api/secrets/a:", "/api/projects/a:", "/v1/", "/api/"]) {
      await refused("GET", `${path}${c("path")}`);
    }
    await refused("PUT", "/v1/secrets/a/b", `{"value":"${c("v")}"}`, { "if-match": c("match") });
    await refused("PUT", "/v1/secrets/a/b", `{"value":"${c("v")}"}`, { "content-type": `text/${c("type")}` });
    await refused("DELETE", "/v1/secrets/a/b", undefined, { "if-match": `"${c("match")}"` });
    for (
      const headers of [
        { authorization: `Bearer ${c("token")}` },
        { authorization: `Basic ${c("basic")}` },
        { authorization: "", "x-service": c("service"), "x-token": c("xtoken") },
        { authorization: "", "x-service": "alice", "x-token": `evt_${c("xtoken")}` },
      ] as Record<string, string>[]
    ) {
      await refused("GET", "/v1/secrets/a/b", undefined, headers);
      await refused("GET", "/api/secrets/a/b", undefined, headers);
    }
    await client.get("/v1/secrets", {
      headers: { "x-forwarded-for": c("forwarded"), "user-agent": c("agent"), cookie: c("cookie") },
    });
    assert.ok(count > 150, String(count));
    canaries.assertAbsent((await client.get("/metrics")).text, "the metrics");
    assertNothingLeaked(vault, canaries);
    assert.equal((await client.get("/v1/secrets/a/b")).body.value, "x");
  }));
