/*
 * Which test covers which row of contract/attacks.md on the gRPC and the admin surface. A name in quotes without a file
 * is a test below.
 *
 * | class | test |
 * | --- | --- |
 * | dot segments and odd paths | "odd admin targets ...", "odd gRPC paths ..."; edge/admin/request_target_test.ts, read by hand |
 * | a deny on a narrow pattern bypassed by listing | does not apply yet: policies come with the secrets engine |
 * | glob characters in names | "names are data ...", "a role's name and scopes are compared whole ..." |
 * | letter case and Unicode forms of names | the same two, "a token in another form ...": names have no rules (runevault.md 2.1), so each form is its own name; the two default roles stay what they are |
 * | destructive or expensive work before authentication | "nothing is decoded for a stranger ..."; hostile_http2_test.ts: budget of bodies and compressed requests |
 * | comparing secrets byte by byte | "an unknown token, a near miss and one without a role ..."; domain/tokens/token_index.ts looks digests up |
 * | lockout keyed on one spelling | does not apply: no lockout on these surfaces; rate limits hang on the token's identity (role_table_test.ts) |
 * | secrets in logs | canary_test.ts |
 * | an error that quotes what was sent | canary_test.ts; read_json_test.ts, parse_test.ts, parse_settings_test.ts |
 * | a previous secret printed on failure | canary_test.ts: the CLI after each kind of failure; tests/cli/failure_test.ts |
 * | deep or huge JSON, YAML, protobuf, base64 | "deep and huge ..."; parse_test.ts; age does not apply: nothing reads it |
 * | audit file removed, replaced, read-only, full, EIO | fault_test.ts; secrets/daemon_test.ts for its fsync |
 * | one oversize audit entry | "the longest names ..." |
 * | paths or modes set over the network | "no request chooses a path or a mode" |
 * | acting on another's object by a leaked id | does not apply: the vault keeps no object of a caller; any agent's metadata may be decrypted (runevault.md 1.9) |
 * | batch or wrapper routes | "a batch reaches nothing that single calls refuse"; grpc_test.ts "decrypts metadata of any agent, all or nothing" |
 * | an effect although an error was returned | "a refused change changes nothing ..."; fault_test.ts for failing disks; crash_test.ts |
 * | denied looks like empty | "no refusal looks like an empty success" |
 * | stale permission caches | "a change holds for the very next call ...", "a token that is revoked while its request arrives ..." |
 * | HTTP/2 | hostile_http2_test.ts |
 * | backups and restores | does not apply yet: they come with the secrets engine |
 * | key-encryption service gone | does not apply yet: it comes with the secrets engine |
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { AdminApi } from "../support/admin_api.ts";
import { goldenBlob } from "../support/paths.ts";
import { memoryOf } from "../support/process_memory.ts";
import { methodPath, type RawAnswer, RawGrpc } from "../support/raw_grpc.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const MIB = 2 ** 20;
const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
const NOBODY = "evt_ffffffffffffffffffffffffffffffff";
const TIGHT = { name: "tight", scope: ["decrypt_metadata"], top_k: 1, rate_limit: "1000/60s" };

/** A vault with a client for each surface. */
async function withVault(test: (parts: Parts) => Promise<void>): Promise<void> {
  await using vault = await TestVault.start();
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await using raw = new RawGrpc(vault);
  await test({ vault, client, raw, api: new AdminApi(vault.socket) });
}

interface Parts {
  readonly vault: TestVault;
  readonly api: AdminApi;
  readonly client: VaultClient;
  readonly raw: RawGrpc;
}

/** `OK` or the refusal of a call with this token. */
async function codeOf(client: VaultClient, token: string): Promise<string> {
  const call = client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  return await call.then(({ error }) => error || "OK", async () => (await refusalOf(call)).code);
}

/** All that a refused request must leave as it was. */
async function stateOf({ vault, api }: Pick<Parts, "vault" | "api">): Promise<unknown> {
  const files = ["roles.yml", "tokens.yml"].map((name) => Deno.readTextFileSync(join(vault.dir, "configs", name)));
  return { lists: await api.lists(), files, paths: [...pathsIn(vault.dir)] };
}

function* pathsIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, name);
    yield `${path} ${(Deno.lstatSync(path).mode! & 0o777).toString(8)}`;
    if (isDirectory) yield* pathsIn(path);
  }
}

/** A request of the three methods, which share their first field. */
function request(token: string, ...fields: readonly (readonly [number, string | Uint8Array | number])[]): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(token);
  for (const [field, value] of fields) {
    if (typeof value === "number") writer.tag(field, WireType.Varint).int32(value);
    else if (typeof value === "string") writer.tag(field, WireType.LengthDelimited).string(value);
    else writer.tag(field, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}

Deno.test("odd admin targets reach no route that they do not name", () =>
  withVault(async (parts) => {
    const { api } = parts;
    await api.issue("alice");
    await api.send("POST", "/roles", TIGHT);
    const before = await stateOf(parts);
    const targets = [
      "/tokens/..",
      "/tokens/.",
      "/tokens/../tokens/alice",
      "/./tokens/alice",
      "/roles/../tokens/alice",
      "/tokens/%2e%2e/tokens/alice",
      "/tokens/%2e%2e%2ftokens%2falice",
      "/tokens%2falice",
      "//tokens/alice",
      "/tokens//alice",
      "/tokens/alice/..",
      "/tokens/alice%2f",
      "/tokens/alice%00",
      "/tokens/alice%0a",
      "/tokens/%C1%A1lice",
      "/tokens/%E0%81%A1lice",
      "/tokens/%61lice%2E",
      "/tokens/%2561lice",
      "/TOKENS/alice",
      "/tokens/Alice",
      "/tokens/alice?",
      "/tokens/alice?user=alice",
      "/tokens/alice;x",
      "http://localhost/tokens/alice",
      "/roles/tight/../tight",
      "/roles/..%2froles%2ftight",
    ];
    for (const target of targets) {
      for (const method of ["DELETE", "PUT", "POST"]) {
        const { status, body } = await api.send(method, target, { top_k: 99 });
        assert.ok(status === 404 || status === 400, `${method} ${target}: ${status}`);
        assert.equal(typeof body?.error, "string", `${method} ${target}`);
      }
    }
    assert.deepEqual(await stateOf(parts), before);
  }));

Deno.test("odd gRPC paths are unimplemented and leave no trace", () =>
  withVault(async ({ vault, api, raw }) => {
    const message = request(await api.issue("alice"), [2, HELLO]);
    const good = methodPath("DecryptMetadata");
    for (
      const path of [
        "/rune.vault.v1.VaultService/../VaultService/DecryptMetadata",
        "/rune.vault.v1.VaultService/./DecryptMetadata",
        "//rune.vault.v1.VaultService/DecryptMetadata",
        `${good}/`,
        `${good}/.`,
        `${good}%00`,
        `${good}?token=x`,
        "/rune.vault.v1.VaultService/decryptmetadata",
        "/rune.vault.v1.vaultservice/DecryptMetadata",
        "/rune.vault.v1.VaultService%2fDecryptMetadata",
        "/rune.vault.v1.VaultService/DecryptMetadata%20",
        "/rune.vault.v1.VaultService/constructor",
        "/rune.vault.v1.VaultService/__proto__",
        "/",
      ]
    ) assert.equal((await raw.call(path, message)).code, "UNIMPLEMENTED", path);
    assert.equal((await raw.call(good, message)).code, "OK");
    assert.equal((await Deno.readTextFile(join(vault.dir, "logs/audit.log"))).split("\n").length, 2);
  }));

Deno.test("names are data: forms, globs and reserved words are each one user's name, also after a restart", () =>
  withVault(async ({ vault, api, client }) => {
    const names = [
      ...["alice", "Alice", "ALICE", "ａｌｉｃｅ", "alice\u0301", "alic\u00e9", "alice\u200b", " alice", "%61lice"],
      ...["*", "**", "?", "[a-z]*", "{alice,bob}", "a.*", "evt_*"],
      ...["..", ".", "a/b", "_rotate_all", "__proto__", "constructor", "unknown", "null", "~", "- a: b", "\u0000"],
    ];
    const tokens = new Map<string, string>();
    for (const name of names) tokens.set(name, await api.issue(name));
    const check = async () => {
      const codes = await Promise.all(names.map(async (name) => [name, await codeOf(client, tokens.get(name)!)]));
      assert.deepEqual(codes, names.map((name) => [name, "OK"]));
    };
    await check();
    for (const name of ["*", "[a-z]*", "Alice", "alice\u0301", "..", "_rotate_all", "__proto__"]) {
      const old = tokens.get(name)!, path = `/tokens/${encodeURIComponent(name)}`;
      assert.equal((await api.send("DELETE", path)).status, 200);
      assert.equal((await api.send("DELETE", path)).status, 404);
      tokens.set(name, await api.issue(name));
      assert.equal(await codeOf(client, old), "UNAUTHENTICATED");
      await check();
    }
    const { tokens: before } = await api.lists();
    await vault.stop("SIGKILL");
    await vault.start();
    assert.deepEqual((await api.lists()).tokens, before);
    assert.equal(new Set(before.map((entry) => (entry as { user: string }).user)).size, names.length);
    await check();
  }));

Deno.test("a role's name and scopes are compared whole: no form or glob gives what admin has", () =>
  withVault(async ({ api, client }) => {
    const withScope = (name: string, scope: string) => ({ ...TIGHT, name, scope: [scope] });
    const scopes = ["*", "decrypt_*", "decrypt_metadat?", "[a-z_]*", "DECRYPT_METADATA", "decrypt_metadata ", "all"];
    const roles = [
      ...["Admin", "ADMIN", "ａｄｍｉｎ", "admin\u200b", "admin ", "*"].map((name) =>
        withScope(name, "get_public_key")
      ),
      ...scopes.map((scope) => withScope(`scope ${scope}`, scope)),
    ];
    for (const role of roles) {
      assert.equal((await api.send("POST", "/roles", role)).status, 201);
      const token = await api.issue(`of ${role.name}`, role.name);
      assert.equal(await codeOf(client, token), "PERMISSION_DENIED", role.name);
    }
    for (const { name } of roles) {
      await api.send("DELETE", `/tokens/${encodeURIComponent(`of ${name}`)}`);
      assert.equal((await api.send("DELETE", `/roles/${encodeURIComponent(name)}`)).status, 200);
    }
    for (const name of ["admin", "member"]) {
      assert.equal((await api.send("DELETE", `/roles/${name}`)).body.error, `Cannot delete default role '${name}'`);
      assert.equal((await api.send("POST", "/roles", { ...TIGHT, name })).status, 400);
    }
  }));

Deno.test("a token in another form is no token", () =>
  withVault(async ({ api, client }) => {
    const token = await api.issue("alice");
    const fullWidth = token.replace(/[0-9a-z]/g, (char) => String.fromCodePoint(char.codePointAt(0)! + 0xfee0));
    for (const form of [token.toUpperCase(), fullWidth, `EVT${token.slice(3)}`, token.replace("_", "\uff3f")]) {
      assert.equal(await codeOf(client, form), "UNAUTHENTICATED");
    }
    for (
      const form of [` ${token}`, `${token}\u200b`, `${token} `, `${token}\n`, token.slice(1), ` ${token.slice(1)}`]
    ) {
      assert.equal(await codeOf(client, form), "INVALID_ARGUMENT");
    }
    assert.equal(await codeOf(client, token), "OK");
  }));

Deno.test("nothing is decoded for a stranger, and nothing for one who may not", () =>
  withVault(async ({ api, client }) => {
    await api.send("POST", "/roles", TIGHT);
    const tight = await api.issue("tight", "tight");
    for (
      const { token, code } of [{ token: NOBODY, code: "UNAUTHENTICATED" }, { token: tight, code: "PERMISSION_DENIED" }]
    ) {
      // Neither is base64 or a message: an OK with the payload's fault would show that somebody had looked at it.
      const call = client.decryptScores({ token, encrypted_blob_b64: "A".repeat(8 * MIB + 1), top_k: 1 });
      assert.equal((await refusalOf(call)).code, code);
    }
    const items = Array(1000).fill("{".repeat(1000));
    const refused = client.decryptMetadata({ token: NOBODY, encrypted_metadata_list: items });
    assert.equal((await refusalOf(refused)).code, "UNAUTHENTICATED");
  }));

Deno.test("an unknown token, a near miss and one without a role get the same answer for the same work", async () => {
  await using vault = await TestVault.create();
  const gone = "evt_00000000000000000000000000000001", known = "evt_00000000000000000000000000000002";
  const entry = (user: string, token: string, role: string) =>
    `- {user: ${user}, token: ${token}, role: ${role}, issued_at: '2026-11-22'}\n`;
  await Deno.writeTextFile(
    join(vault.dir, "configs/tokens.yml"),
    `tokens:\n${entry("ghost", gone, "gone")}${entry("alice", known, "admin")}`,
  );
  await vault.start();
  await using raw = new RawGrpc(vault);
  const nearMiss = `${known.slice(0, -1)}3`;
  const tokens = { unknown: NOBODY, nearMiss, gone };
  const call = (token: string) => raw.call(methodPath("DecryptMetadata"), request(token, [2, HELLO]));
  const answers = new Map<string, RawAnswer>(), times = new Map<string, number[]>();
  for (let round = 0; round < 300; round++) {
    for (const [name, token] of Object.entries(tokens)) {
      const started = performance.now();
      answers.set(name, await call(token));
      times.set(name, [...times.get(name) ?? [], performance.now() - started]);
    }
  }
  const { code, details } = answers.get("unknown")!;
  assert.deepEqual([code, details], ["UNAUTHENTICATED", "Invalid authentication token"]);
  for (const answer of answers.values()) assert.deepEqual(answer, answers.get("unknown"));
  const medians = [...times.values()].map((list) => list.toSorted((a, b) => a - b)[list.length / 2]);
  assert.ok(Math.max(...medians) < 1.5 * Math.min(...medians), `medians in ms: ${medians}`);
});

Deno.test("deep and huge requests are refused or answered, the daemon lives on in bounded memory", () =>
  withVault(async ({ vault, api, client, raw }) => {
    const token = await api.issue("alice");
    const deep = (count: number) => `{"user": ${"[".repeat(count)}${"]".repeat(count)}, "role": "admin"}`;
    for (
      const { body, status, error } of [
        { body: deep(100_000), status: 400, error: "JSON is nested too deeply" },
        { body: deep(17), status: 400, error: "JSON is nested too deeply" },
        { body: `{"a":`.repeat(100_000), status: 400 },
        { body: "[".repeat(MIB - 1), status: 400 },
        { body: " ".repeat(MIB + 1), status: 413 },
        { body: `{"user": "${"u".repeat(1025)}", "role": "admin"}`, status: 400 },
        { body: `{"user": "bob", "role": "admin", "expires_days": 1e400}`, status: 400 },
        { body: `{"user": "bob", "role": "admin", "expires_days": ${"9".repeat(1000)}}`, status: 400 },
        { body: `{"user": "\ud800", "role": "admin"}`.replace("\ud800", "\\ud800"), status: 400 },
      ]
    ) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.send("POST", "/tokens", body)));
      assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [status], body.slice(0, 40));
      if (error !== undefined) assert.equal(answers[0].body.error, error);
    }
    const group = (depth: number) => new Uint8Array(depth).fill(9 << 3 | WireType.StartGroup);
    const prefix = request(token, [2, HELLO]);
    for (
      const { name, message, code } of [
        { name: "groups", message: Buffer.concat([prefix, group(8 * MIB)]), code: "INTERNAL" },
        { name: "an endless varint", message: Buffer.concat([prefix, Buffer.alloc(MIB, 0xff)]), code: "INTERNAL" },
        {
          name: "a length beyond the end",
          message: Buffer.from([...prefix, 0x12, 0xff, 0xff, 0xff, 0x7f]),
          code: "INTERNAL",
        },
        {
          name: "too many envelopes",
          message: Buffer.concat([prefix, Buffer.alloc(20 * MIB, Uint8Array.of(0x12, 0))]),
          code: "INVALID_ARGUMENT",
        },
        { name: "many tokens", message: Buffer.concat(Array(200_000).fill(prefix)), code: "INVALID_ARGUMENT" },
      ]
    ) {
      const { code: got, details } = await raw.call(methodPath("DecryptMetadata"), message);
      assert.equal(got, code, `${name}: ${details}`);
      assert.equal(details.includes(token), false);
    }
    for (
      const envelope of [
        "[".repeat(5 * MIB),
        `{"a":"x","c":${"[".repeat(100_000)}`,
        `{"a":"x","c":"${"A".repeat(20 * MIB)}!"}`,
        `{"a":"x","c":"${"=".repeat(5 * MIB)}"}`,
        `{${`"k":{`.repeat(100_000)}`,
      ]
    ) {
      const { error } = await client.decryptMetadata({ token, encrypted_metadata_list: [envelope] });
      assert.match(error, /^Metadata decryption failed: /);
      assert.ok(error.length < 200);
    }
    for (
      const blob of ["A".repeat(20 * MIB), `${"=".repeat(5 * MIB)}A`, group(5 * MIB).toBase64()]
    ) {
      assert.notEqual((await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 1 })).error, "");
    }
    assert.equal(await codeOf(client, token), "OK");
    if (Deno.build.os === "linux") assert.ok((await memoryOf(vault.pid)).peak < 900 * MIB);
  }));

for (const file of ["tokens.yml", "roles.yml", "runevault.conf"]) {
  Deno.test(`YAML that multiplies or nests in ${file} stops the start, quickly and without being quoted`, async () => {
    await using vault = await TestVault.create();
    const path = join(vault.dir, "configs", file);
    const root = { "tokens.yml": "tokens", "roles.yml": "roles", "runevault.conf": "keys" }[file]!;
    const bomb = Array.from({ length: 30 }, (_, i) => `x${i}: &x${i} [*x${i - 1}, *x${i - 1}, *x${i - 1}]`).slice(1);
    for (
      const text of [
        `x0: &x0 evt_canary\n${bomb.join("\n")}\n${root}: *x29\n`,
        `${root}: ${"[".repeat(50_000)}evt_canary`,
      ]
    ) {
      await Deno.writeTextFile(path, text);
      const { code, stderr } = await vault.cli("daemon", "start");
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^Error: parse .*${file.replace(".", "\\.")}: line \\d+`, "m"));
      assert.ok(!stderr.includes("evt_canary") && stderr.length < 1000);
    }
  });
}

Deno.test("the longest names fit into audit lines, logs and status texts, and the sink goes on", async () => {
  await using vault = await TestVault.create();
  const byHand = "h".repeat(200_000), token = "evt_00000000000000000000000000000001";
  await Deno.writeTextFile(
    join(vault.dir, "configs/tokens.yml"),
    `tokens:\n- {user: ${byHand}, token: ${token}, role: admin, issued_at: '2026-01-01', expires: '2026-01-02'}\n`,
  );
  await vault.start();
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const api = new AdminApi(vault.socket), long = "\u6f22".repeat(1024);
  assert.equal((await api.send("POST", "/roles", { ...TIGHT, name: long, scope: ["decrypt_scores"] })).status, 201);
  const expired = await api.issue(long, "admin", -1), limited = await api.issue("bob", long);
  const blob = new TextDecoder().decode(goldenBlob("one-row"));
  const refusals = [
    await refusalOf(client.getPublicKey({ token: expired })),
    await refusalOf(client.getPublicKey({ token: limited })),
    await refusalOf(client.decryptScores({ token: limited, encrypted_blob_b64: blob, top_k: 2 })),
    await refusalOf(client.getPublicKey({ token })),
  ];
  assert.deepEqual(refusals.map(({ code }) => code), [
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "INVALID_ARGUMENT",
    "UNAUTHENTICATED",
  ]);
  // Clients take 8 KiB of header fields; the text travels percent-encoded.
  for (const { details } of refusals) assert.ok(encodeURI(details).length < 6200, `${encodeURI(details).length}`);
  assert.match(refusals[0].details, /^Token expired for user '\u6f22+\.\.\.$/);
  assert.equal((await api.send("POST", "/tokens", { user: `${long}x`, role: "admin" })).status, 400);
  assert.equal((await api.send("GET", `/${"x".repeat(30_000)}`)).status, 404);
  assert.ok(vault.stderr.split("\n").every((line) => line.length < 12_000));
  const lines = (await Deno.readTextFile(join(vault.dir, "logs/audit.log"))).trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line).user_id), [long, "bob", "bob", byHand]);
  assert.ok(lines.slice(0, 3).every((line) => line.length < 16_384));
});

Deno.test("no request chooses a path or a mode", () =>
  withVault(async (parts) => {
    const { api, vault } = parts;
    const before = [...pathsIn(vault.dir)];
    const more = { path: "/tmp/x", file: "x", mode: 511, roles_file: "/tmp/x", token: NOBODY, issued_at: "1970-01-01" };
    const { body } = await api.send("POST", "/tokens", { ...more, user: "../../x", role: "admin" });
    assert.notEqual(body.token, NOBODY);
    assert.notEqual(body.issued_at, "1970-01-01");
    await api.send("POST", "/roles", { ...TIGHT, ...more, name: "../configs/x" });
    await api.send("PUT", "/roles/..%2Fconfigs%2Fx", { ...more, top_k: 2 });
    assert.deepEqual([...pathsIn(vault.dir)], before);
  }));

Deno.test("a batch reaches nothing that single calls refuse", async () => {
  await using vault = await TestVault.create();
  await Deno.writeTextFile(
    join(vault.dir, "configs/tokens.yml"),
    `tokens:\n- {user: alice, token: evt_00000000000000000000000000000001, role: admin, issued_at: '2026-11-22'}\n` +
      `- {user: damaged, token: evt_00000000000000000000000000000002, role: admin, issued_at: soon, expires: '2099-01-01'}\n`,
  );
  await vault.start();
  const api = new AdminApi(vault.socket), parts = { vault, api };
  const before = await stateOf(parts);
  const single = await api.send("POST", "/tokens/damaged/rotate"),
    batch = await api.send("POST", "/tokens/_rotate_all");
  assert.deepEqual([single.status, batch.status, batch.body], [400, 400, single.body]);
  assert.deepEqual(await stateOf(parts), before);
});

Deno.test("a refused change changes nothing, in memory and on disk", () =>
  withVault(async (parts) => {
    const { api } = parts;
    await api.issue("alice");
    await api.send("POST", "/roles", TIGHT);
    await api.issue("bob", "tight");
    const before = await stateOf(parts);
    for (
      const [method, path, body, status] of [
        ["POST", "/tokens", { user: "alice", role: "tight" }, 400],
        ["POST", "/tokens", { user: "carol", role: "none" }, 400],
        ["POST", "/tokens", { user: "carol", role: "admin", expires_days: 999_999_999 }, 400],
        ["POST", "/tokens", { user: "carol", role: "admin", expires_days: 1.5 }, 400],
        ["POST", "/tokens", { user: ["carol"], role: "admin" }, 400],
        ["POST", "/tokens", `{"user": "carol", "role": "admin"`, 400],
        ["POST", "/tokens", `{"user": "carol", "role": "admin"}${" ".repeat(MIB)}`, 413],
        ["POST", "/tokens/carol/rotate", {}, 400],
        ["POST", "/tokens/alice/rotate", "nope", 400],
        ["POST", "/tokens/_rotate_all", "nope", 400],
        ["DELETE", "/tokens/carol", undefined, 404],
        ["POST", "/roles", { ...TIGHT, rate_limit: "x" }, 400],
        ["POST", "/roles", TIGHT, 400],
        ["POST", "/roles", { ...TIGHT, name: "new", top_k: "1" }, 400],
        ["PUT", "/roles/tight", { top_k: 99, rate_limit: "x" }, 400],
        ["PUT", "/roles/tight", { top_k: 99, scope: "all" }, 400],
        ["PUT", "/roles/none", { top_k: 99 }, 400],
        ["DELETE", "/roles/tight", undefined, 400],
        ["DELETE", "/roles/admin", undefined, 400],
        ["PATCH", "/roles/tight", { top_k: 99 }, 404],
      ] as const
    ) {
      const answer = await api.send(method, path, body);
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    }
    assert.deepEqual(await stateOf(parts), before);
  }));

Deno.test("no refusal looks like an empty success", () =>
  withVault(async ({ api, client, raw }) => {
    const roles = [
      { ...TIGHT, name: "nothing", scope: ["x"] },
      { ...TIGHT, name: "spent", scope: ["get_public_key", "decrypt_scores", "decrypt_metadata"], rate_limit: "0/60s" },
    ];
    for (const role of roles) await api.send("POST", "/roles", role);
    const tokens = {
      UNAUTHENTICATED: [NOBODY, await api.issue("expired", "admin", -1)],
      PERMISSION_DENIED: [await api.issue("nothing", "nothing")],
      RESOURCE_EXHAUSTED: [await api.issue("spent", "spent")],
      INVALID_ARGUMENT: ["", "evt_short"],
    };
    const blob = new TextDecoder().decode(goldenBlob("one-row"));
    for (const [want, list] of Object.entries(tokens)) {
      for (const token of list) {
        const messages = {
          GetPublicKey: request(token),
          DecryptScores: request(token, [2, blob], [3, 1]),
          DecryptMetadata: request(token, [2, HELLO]),
        };
        for (const [method, message] of Object.entries(messages)) {
          const { code, details } = await raw.call(methodPath(method), message);
          assert.equal(code, want, method);
          assert.notEqual(details, "");
        }
      }
    }
    const member = await api.issue("member", "member");
    assert.equal(
      (await refusalOf(client.decryptScores({ token: member, encrypted_blob_b64: blob, top_k: 11 }))).code,
      "INVALID_ARGUMENT",
    );
    for (const empty of ["x", "AAAA"]) {
      const { results, error } = await client.decryptScores({
        token: member,
        encrypted_blob_b64: empty,
        top_k: 1,
      });
      assert.deepEqual(results, []);
      assert.notEqual(error, "");
    }
  }));

Deno.test("a change holds for the very next call, every time", () =>
  withVault(async ({ api, client }) => {
    await api.send("POST", "/roles", TIGHT);
    for (let round = 0; round < 15; round++) {
      const first = await api.issue("alice", "tight");
      assert.equal(await codeOf(client, first), "OK");
      for (
        const [change, want] of [
          [{ scope: ["get_public_key"] }, "PERMISSION_DENIED"],
          [{ scope: ["decrypt_metadata"] }, "OK"],
          [{ rate_limit: "0/60s" }, "RESOURCE_EXHAUSTED"],
          [{ rate_limit: "1/60s" }, "OK"],
          [{ top_k: 3 }, "RESOURCE_EXHAUSTED"],
          [{ rate_limit: "1000/60s" }, "OK"],
        ] as const
      ) {
        await api.send("PUT", "/roles/tight", change);
        assert.equal(await codeOf(client, first), want, JSON.stringify(change));
      }
      const { body: { token: second } } = await api.send("POST", "/tokens/alice/rotate");
      assert.deepEqual([await codeOf(client, first), await codeOf(client, second)], ["UNAUTHENTICATED", "OK"]);
      await api.send("DELETE", "/tokens/alice");
      assert.deepEqual([await codeOf(client, first), await codeOf(client, second)], [
        "UNAUTHENTICATED",
        "UNAUTHENTICATED",
      ]);
    }
  }));

Deno.test("a token that is revoked while its request arrives is refused", () =>
  withVault(async ({ api, raw }) => {
    const token = await api.issue("alice");
    const message = request(token, [2, HELLO], [2, `{"a":"x","c":"${"A".repeat(4 * MIB)}"}`]);
    const { stream, answer } = raw.open(methodPath("DecryptMetadata"));
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, 0]), message]);
    frame.writeUInt32BE(message.length, 1);
    const half = frame.length / 2;
    await new Promise((resolve) => stream.write(frame.subarray(0, half), resolve));
    assert.equal((await api.send("DELETE", "/tokens/alice")).status, 200);
    stream.end(frame.subarray(half));
    assert.equal((await answer).code, "UNAUTHENTICATED");
  }));
