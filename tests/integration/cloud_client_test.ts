import { status } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { EnvectorClient, type EnvectorOptions } from "#adapters/cloud/mod.ts";
import { CHANNEL_OPTIONS } from "#adapters/cloud/channel.ts";
import { activateKey, ensureIndex } from "#domain/cloud/mod.ts";
import type { CloudError } from "#ports/cloud.ts";
import { testCertificates } from "../support/certificates.ts";
import { patternKey } from "../support/test_cloud/eval_keys.ts";
import { type Fault, TestCloud, type TestCloudOptions } from "../support/test_cloud/test_cloud.ts";
import { freePort } from "../support/test_vault.ts";

const MIB = 2 ** 20;
const CERTIFICATES = await testCertificates();
const INDEX = { name: "team", dim: 1024, keyId: "vault-key" };

/** A client of the cloud that ends with its scope. */
class Client extends EnvectorClient implements Disposable {
  constructor(cloud: TestCloud, options: Partial<EnvectorOptions> = {}) {
    super({ address: cloud.address, apiKey: cloud.apiKey, ca: [cloud.ca], ...options });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const startCloud = (options: TestCloudOptions = {}) =>
  TestCloud.start({ certificates: CERTIFICATES, isOrdered: false, ...options });

async function errorOf(call: Promise<unknown>): Promise<Pick<CloudError, "failure" | "message">> {
  const { failure, message } = await call.then(() => assert.fail("the call succeeded"), (reason) => reason);
  return { failure, message };
}

Deno.test("EnvectorClient keeps to the connection facts of the contract", () => {
  const { "grpc.max_receive_message_length": receive, "grpc.max_send_message_length": send } = CHANNEL_OPTIONS;
  assert.deepEqual([receive, send], [104_857_600, 104_857_600]);
  assert.deepEqual([CHANNEL_OPTIONS["grpc.keepalive_time_ms"], CHANNEL_OPTIONS["grpc.keepalive_timeout_ms"]], [
    30_000,
    10_000,
  ]);
  assert.equal(CHANNEL_OPTIONS["grpc.keepalive_permit_without_calls"], 1);
});

Deno.test("EnvectorClient takes other limits than its own", async () => {
  await using cloud = await startCloud({ keys: ["k".repeat(20)] });
  using client = new Client(cloud, { channel: { "grpc.max_receive_message_length": 10 } });
  assert.match((await errorOf(client.keyList())).message, /^envector: get_key_list: RESOURCE_EXHAUSTED: /);
});

Deno.test("EnvectorClient decodes no list that is longer than any cluster's", async () => {
  await using cloud = await startCloud({ keys: Array.from({ length: 60_000 }, (_, i) => `${i}`.padStart(20, "k")) });
  using client = new Client(cloud);
  const { failure, message } = await errorOf(client.keyList());
  assert.match(message, /^envector: get_key_list: INTERNAL: .*answer of 1320004 bytes, more than 1048576$/);
  assert.equal(failure, "refused");
});

Deno.test("EnvectorClient refuses to be made without an address", () => {
  const options = { address: { host: "", port: 443 }, apiKey: "", ca: [] };
  assert.throws(() => new EnvectorClient(options), { message: "envector: ClientOptions.Address is required" });
});

Deno.test("EnvectorClient to a dead address is made, tells a call so, and closes twice", async () => {
  const client = new EnvectorClient({ address: { host: "127.0.0.1", port: freePort() }, apiKey: "", ca: [] });
  const { failure, message } = await errorOf(client.keyList());
  assert.match(message, /^envector: get_key_list: UNAVAILABLE: .*ECONNREFUSED/);
  assert.equal(failure, "unreachable");
  client.close();
  client.close();
});

for (const { apiKey, want } of [{ apiKey: "tok-123", want: "Bearer tok-123" }, { apiKey: "", want: undefined }]) {
  Deno.test(`EnvectorClient sends authorization ${want} with every call of key '${apiKey}'`, async () => {
    await using cloud = await startCloud({ apiKey, keys: ["k1"] });
    using client = new Client(cloud);
    await client.keyList();
    await client.loadKey("k1");
    await client.registerKey("k2", patternKey(10));
    await client.createIndex(INDEX);
    assert.deepEqual(cloud.authorizations, [want, want, want, want]);
  });
}

Deno.test("EnvectorClient tells a rejected API key from a host that cannot be reached", async () => {
  await using cloud = await startCloud();
  using client = new Client(cloud, { apiKey: "wrong" });
  const unary = { failure: "rejected", message: "envector: get_key_list: UNAUTHENTICATED: invalid token" };
  assert.deepEqual(await errorOf(client.keyList()), unary);
  const { failure, message } = await errorOf(client.registerKey("k", patternKey(3 * MIB)));
  assert.match(message, /^envector: register_key (send|recv): UNAUTHENTICATED: invalid token$/);
  assert.equal(failure, "rejected");
});

for (
  const { name, call } of [
    { name: "index", call: (client: Client) => client.indexList() },
    { name: "key", call: (client: Client) => client.keyList() },
    { name: "upload", call: (client: Client) => client.registerKey("k", patternKey(1)) },
  ]
) {
  Deno.test(`EnvectorClient refuses ${name} calls once it is closed`, async () => {
    await using cloud = await startCloud();
    const client = new Client(cloud);
    client.close();
    assert.equal((await errorOf(call(client))).message, "envector: client is closed");
    assert.deepEqual(cloud.calls, []);
  });
}

Deno.test("EnvectorClient.close() ends calls in flight", async () => {
  await using cloud = await startCloud();
  cloud.fail("get_key_list", { hang: true });
  const client = new Client(cloud);
  cloud.onCall = () => client.close();
  assert.match((await errorOf(client.keyList())).message, /^envector: get_key_list: CANCELLED: /);
});

Deno.test("EnvectorClient.keyList() and indexList() give what was sent, with one call each", async () => {
  await using cloud = await startCloud({ keys: ["b", "a"], indexes: ["two", "one"] });
  using client = new Client(cloud);
  assert.deepEqual(await client.keyList(), ["b", "a"]);
  assert.deepEqual(await client.indexList(), ["two", "one"]);
  assert.deepEqual(cloud.calls, ["get_key_list", "get_index_list"]);
});

for (
  const { bytes, frames } of [
    { bytes: 2.5 * MIB, frames: [MIB, MIB, MIB / 2] },
    { bytes: MIB, frames: [MIB] },
    { bytes: MIB + 1, frames: [MIB, 1] },
    { bytes: 1, frames: [1] },
    { bytes: 0, frames: [0] },
  ]
) {
  Deno.test(`EnvectorClient.registerKey() sends ${bytes} bytes in ${frames.length} frames, with their SHA-256`, async () => {
    await using cloud = await startCloud();
    using client = new Client(cloud);
    const key = patternKey(bytes);
    await client.registerKey("vault-key", key);
    assert.deepEqual(cloud.frames, frames);
    assert.deepEqual([...cloud.keys], [["vault-key", { sha256: key.sha256, size: bytes, isLoaded: false }]]);
  });
}

Deno.test("EnvectorClient.registerKey() reads no more of the key than the cloud takes", async () => {
  await using cloud = await startCloud();
  cloud.fail("register_key", { hang: true });
  using client = new Client(cloud, { deadlines: { unaryMs: 10_000, uploadMs: 1_000 } });
  const key = patternKey(20 * MIB);
  const { failure, message } = await errorOf(client.registerKey("vault-key", key));
  assert.match(message, /^envector: register_key send: DEADLINE_EXCEEDED: /);
  assert.equal(failure, "unreachable");
  assert.equal(key.reads.length, 1, "a cloud that reads nothing gets no second frame");
});

Deno.test("EnvectorClient.registerKey() passes on why the key cannot be read, and leaves no key behind", async () => {
  await using cloud = await startCloud();
  using client = new Client(cloud);
  const key = { ...patternKey(3 * MIB), read: () => Promise.reject(new Error("disk gone")) };
  await assert.rejects(client.registerKey("vault-key", key), { message: "disk gone" });
  assert.deepEqual([...cloud.keys], []);
});

Deno.test("EnvectorClient loads k1, unloads k2 and deletes k3", async () => {
  await using cloud = await startCloud({ keys: ["k1", "k2", "k3"] });
  cloud.keys.get("k1")!.isLoaded = false;
  using client = new Client(cloud);
  await client.loadKey("k1");
  await client.unloadKey("k2");
  await client.deleteKey("k3");
  assert.deepEqual(cloud.calls, ["load_key k1", "unload_key k2", "delete_key k3"]);
  assert.deepEqual([...cloud.keys.keys(), "resident:", ...cloud.resident], ["k1", "k2", "resident:", "k1"]);
});

Deno.test("EnvectorClient.deleteIndex() names the index", async () => {
  await using cloud = await startCloud({ indexes: ["old", "kept"] });
  using client = new Client(cloud);
  await client.deleteIndex("old");
  assert.deepEqual([...cloud.indexes.keys()], ["kept"]);
});

Deno.test("EnvectorClient.metadata() passes index, rows and fields through and gives the rows", async () => {
  await using cloud = await startCloud();
  using client = new Client(cloud);
  const [{ id, data }] = await client.metadata("team", [{ shardIdx: 1, rowIdx: 2 }, { shardIdx: 3, rowIdx: 4 }], ["m"]);
  assert.equal(id, 7n);
  assert.deepEqual(JSON.parse(data), {
    header: { type: 240 },
    index_name: "team",
    idx: [{ shard_idx: 1, row_idx: 2 }, { shard_idx: 3, row_idx: 4 }],
    output_fields: ["m"],
  });
});

const activated = (key = patternKey(10)) => ({ keyId: "target", openEvalKey: () => Promise.resolve(key) });

for (
  const { name, keys, want } of [
    { name: "an empty server", keys: [], want: ["get_key_list", "register_key target", "load_key target"] },
    {
      name: "a server with other keys",
      keys: ["stale-a", "target", "stale-b"],
      want: ["get_key_list", "unload_key stale-a", "unload_key stale-b", "load_key target"],
    },
  ]
) {
  Deno.test(`activateKey() on ${name}: ${want.join(", ")}`, async () => {
    await using cloud = await startCloud({ keys, isOrdered: true });
    using client = new Client(cloud);
    const key = patternKey(10);
    await activateKey(client, activated(key));
    assert.deepEqual(cloud.calls, want);
    assert.deepEqual(cloud.resident, ["target"]);
    assert.deepEqual([...cloud.keys.keys()].sort(), [...new Set([...keys, "target"])].sort());
    assert.equal(key.isClosed, !keys.includes("target"), "the key is opened only to be sent, and closed again");
  });
}

Deno.test("activateKey() with the same keys on two clients succeeds on both", async () => {
  await using cloud = await startCloud({ isOrdered: true });
  using first = new Client(cloud);
  using second = new Client(cloud);
  await activateKey(first, activated());
  await activateKey(second, activated());
  assert.deepEqual(cloud.resident, ["target"]);
});

for (
  const { rpc, keys, want } of [
    { rpc: "get_key_list", keys: [], want: ["get_key_list"] },
    { rpc: "register_key", keys: ["stale"], want: ["get_key_list", "register_key target"] },
    { rpc: "unload_key", keys: ["stale", "target"], want: ["get_key_list", "unload_key stale"] },
    { rpc: "load_key", keys: ["target"], want: ["get_key_list", "load_key target"] },
  ] as const
) {
  Deno.test(`activateKey() calls nothing more when ${rpc} fails`, async () => {
    await using cloud = await startCloud({ keys, isOrdered: true });
    using client = new Client(cloud);
    cloud.fail(rpc, { code: 2, message: "no" });
    const message = `envector: ${rpc}: server returned Fail: no`;
    assert.deepEqual(await errorOf(activateKey(client, activated())), { failure: "refused", message });
    assert.deepEqual(cloud.calls, want);
  });
}

Deno.test("ensureIndex() without a name is an error", async () => {
  await using cloud = await startCloud();
  using client = new Client(cloud);
  assert.equal(
    (await errorOf(ensureIndex(client, { ...INDEX, name: "" }))).message,
    "envector: WithIndexName required",
  );
  assert.deepEqual(cloud.calls, []);
});

Deno.test("ensureIndex() leaves an index that exists", async () => {
  await using cloud = await startCloud({ indexes: ["team"] });
  using client = new Client(cloud);
  await ensureIndex(client, INDEX);
  assert.deepEqual(cloud.calls, ["get_index_list"]);
});

Deno.test("ensureIndex() creates a missing index: name, dim of the keys, FLAT, cipher, plain, key id", async () => {
  await using cloud = await startCloud();
  using client = new Client(cloud);
  await ensureIndex(client, INDEX);
  assert.deepEqual({ ...cloud.indexes.get("team") }, {
    index_name: "team",
    dim: 1024,
    key_id: "vault-key",
    index_encryption: "cipher",
    query_encryption: "plain",
    index_type: 2,
  });
});

const CALLS = {
  get_key_list: (client: Client) => client.keyList(),
  register_key: (client: Client) => client.registerKey("k", patternKey(10)),
  load_key: (client: Client) => client.loadKey("k1"),
  unload_key: (client: Client) => client.unloadKey("k1"),
  delete_key: (client: Client) => client.deleteKey("k1"),
  get_index_list: (client: Client) => client.indexList(),
  create_index: (client: Client) => client.createIndex(INDEX),
  delete_index: (client: Client) => client.deleteIndex("i"),
  get_metadata: (client: Client) => client.metadata("i", [{ shardIdx: 1, rowIdx: 1 }], ["data"]),
} as const;
const RETURN_CODES = [
  "UnknownError",
  "Success",
  "Fail",
  "NoSuchIndex",
  "InvalidInput",
  "NotFoundError",
  "InvalidKeyURL",
  "InvalidKeyAuthInfo",
  "FailedToUnpackKey",
  "InsufficientDIskSpace",
  "Warning",
];

for (const [rpc, call] of Object.entries(CALLS) as [keyof typeof CALLS, (client: Client) => Promise<unknown>][]) {
  Deno.test(`EnvectorClient ${rpc}: each return code but Success is an error, a missing header is none`, async () => {
    await using cloud = await startCloud({ keys: ["k1"], indexes: ["i"] });
    using client = new Client(cloud);
    for (const [code, name] of RETURN_CODES.entries()) {
      cloud.fail(rpc, { code, message: "its reason" });
      if (name === "Success") await call(client);
      else {
        const message = `envector: ${rpc}: server returned ${name}: its reason`;
        assert.deepEqual(await errorOf(call(client)), { failure: "refused", message });
      }
    }
    cloud.fail(rpc, { code: 99, message: "new" });
    assert.equal((await errorOf(call(client))).message, `envector: ${rpc}: server returned return code 99: new`);
    cloud.fail(rpc, { header: "absent" });
    await call(client);
  });

  Deno.test(`EnvectorClient ${rpc}: each gRPC status is an error, and a call has its deadline`, async () => {
    await using cloud = await startCloud({ keys: ["k1"], indexes: ["i"] });
    using client = new Client(cloud, { deadlines: { unaryMs: 300, uploadMs: 300 } });
    const where = new RegExp(`^envector: ${rpc}( send| recv)?: `);
    for (let code = 1; code <= 16; code++) {
      cloud.fail(rpc, { status: code, details: "its reason" });
      const { failure, message } = await errorOf(call(client));
      assert.equal(message.replace(where, ""), `${status[code]}: its reason`);
      assert.equal(failure, { 4: "unreachable", 7: "rejected", 14: "unreachable", 16: "rejected" }[code] ?? "refused");
    }
    cloud.fail(rpc, { hang: true });
    const { failure, message } = await errorOf(call(client));
    assert.match(message.replace(where, ""), /^DEADLINE_EXCEEDED: /);
    assert.equal(failure, "unreachable");
  });

  Deno.test(`EnvectorClient ${rpc}: a connection that breaks is told, and the next call connects again`, async () => {
    await using cloud = await startCloud({ keys: ["k1"], indexes: ["i"] });
    cloud.fail(rpc, { cutAfter: 1 });
    using client = new Client(cloud);
    assert.match((await errorOf(call(client))).message, new RegExp(`^envector: ${rpc}( send| recv)?: [A-Z_]+: `));
    cloud.fail(rpc, undefined);
    await call(client);
  });
}

for (let frame = 1; frame <= 5; frame++) {
  Deno.test(`EnvectorClient.registerKey() cut at frame ${frame} of 5 leaves no key behind, and works afterwards`, async () => {
    await using cloud = await startCloud();
    cloud.fail("register_key", { cutAfter: frame });
    using client = new Client(cloud);
    const { failure, message } = await errorOf(client.registerKey("k", patternKey(4 * MIB + 100)));
    assert.match(message, /^envector: register_key (send|recv): (UNAVAILABLE|CANCELLED|INTERNAL): /);
    assert.ok(["unreachable", "refused"].includes(failure));
    assert.deepEqual([...cloud.keys], []);
    cloud.fail("register_key", undefined);
    await client.registerKey("k", patternKey(4 * MIB + 100));
    assert.deepEqual(cloud.frames, [MIB, MIB, MIB, MIB, 100]);
  });
}

for (
  const { name, fault, want } of [
    {
      name: "a status",
      fault: { status: status.INTERNAL, details: "key s3cret is odd" },
      want: "key [REDACTED] is odd",
    },
    { name: "a return code", fault: { code: 2, message: "key s3cret is odd" }, want: "key [REDACTED] is odd" },
    {
      name: "a text that would pass for lines of ours or steer a terminal",
      fault: { code: 2, message: "no\r\nroot: \x1b[31mred\u2028\u202egnp" },
      want: "no root: [31mred gnp",
    },
    { name: "a long text", fault: { code: 2, message: "x".repeat(5000) }, want: `${"x".repeat(512)}…` },
  ] as { name: string; fault: Fault; want: string }[]
) {
  Deno.test(`EnvectorClient's error of ${name} holds neither the API key nor more than a line`, async () => {
    await using cloud = await startCloud({ apiKey: "s3cret" });
    cloud.fail("get_key_list", fault);
    using client = new Client(cloud);
    const { message } = await errorOf(client.keyList());
    assert.ok(message.endsWith(`: ${want}`), message);
  });
}

Deno.test("EnvectorClient trusts the authorities that it is given and no others", async () => {
  await using cloud = await startCloud();
  const other = await testCertificates();
  using stranger = new Client(cloud, { ca: [other.ca] });
  const { failure, message } = await errorOf(stranger.keyList());
  assert.equal(failure, "unreachable");
  assert.match(message, /^envector: get_key_list: UNAVAILABLE: .*certificate/);
  using both = new Client(cloud, { ca: [other.ca, cloud.ca] });
  assert.deepEqual(await both.keyList(), []);
  assert.equal(cloud.calls.length, 1, "nothing was sent to the one who could not be trusted");
});

Deno.test({
  name: "EnvectorClient connects to an IPv6 address and checks it",
  ignore: !hasIpv6(),
  async fn() {
    const certificates = await testCertificates({ names: [{ type: "ip", value: "::1" }] });
    await using cloud = await startCloud({ certificates, address: "::1" });
    using client = new Client(cloud, { address: { host: "::1", port: cloud.port } });
    assert.deepEqual(await client.keyList(), []);
  },
});

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test("EnvectorClient checks the name, and the address where the endpoint is one", async () => {
  await using cloud = await startCloud();
  using byAddress = new Client(cloud, { address: { host: "127.0.0.1", port: cloud.port } });
  assert.deepEqual(await byAddress.keyList(), []);
  const elsewhere = await testCertificates({ names: [{ type: "dns", value: "cloud.example" }] });
  await using other = await startCloud({ certificates: elsewhere });
  for (const host of ["localhost", "127.0.0.1"]) {
    using client = new Client(other, { address: { host, port: other.port } });
    const { message } = await errorOf(client.keyList());
    assert.match(message, /UNAVAILABLE: .*(altnames|does not match|Hostname)/i);
  }
  assert.deepEqual(other.calls, []);
});
