import { status } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { EnvectorClient } from "#adapters/cloud/mod.ts";
import { CloudRegistration, type CloudState, lastingStateOf, offlineCloud } from "#domain/cloud/mod.ts";
import { TestClock } from "#domain/tokens/testing.ts";
import type { Cloud } from "#ports/cloud.ts";
import type { Timer } from "#ports/timer.ts";
import { testCertificates } from "../support/certificates.ts";
import type { Rpc } from "../support/test_cloud/checks.ts";
import { patternKey } from "../support/test_cloud/eval_keys.ts";
import { type Fault, TestCloud, type TestCloudOptions } from "../support/test_cloud/test_cloud.ts";
import { freePort } from "../support/test_vault.ts";

const MIB = 2 ** 20;
const CERTIFICATES = await testCertificates();
const STEPS = ["get_key_list", "register_key", "unload_key", "load_key", "get_index_list", "create_index"] as const;
const FRESH = ["get_key_list", "register_key vault-key", "load_key vault-key", "get_index_list", "create_index team"];

const startCloud = (options: TestCloudOptions = {}) => TestCloud.start({ certificates: CERTIFICATES, ...options });

/** A vault's registration whose time passes when the test says so. */
class TestRegistration implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly logged: string[] = [];
  /** What waits for its time, if anything does. */
  waiting: { readonly run: () => void; readonly milliseconds: number } | undefined;
  readonly registration: CloudRegistration;

  constructor(
    cloud: { readonly address: TestCloud["address"]; readonly ca: string },
    { apiKey = "test-api-key", indexName = "team", keyBytes = 100, unaryMs = 30_000, uploadMs = 30_000 } = {},
  ) {
    const timer: Timer = (run, milliseconds) => {
      assert.equal(this.waiting, undefined, "one retry waits at a time");
      this.waiting = { run, milliseconds };
      return () => this.waiting = undefined;
    };
    this.registration = new CloudRegistration({
      connect: () => {
        const { address, ca } = cloud;
        return new EnvectorClient({ address, apiKey, ca: [ca], deadlines: { unaryMs, uploadMs } });
      },
      residency: { keyId: "vault-key", openEvalKey: () => Promise.resolve(patternKey(keyBytes)), indexName, dim: 1024 },
      endpoint: "cloud:443",
      clock: this.clock,
      timer,
      log: (level, message) => void this.logged.push(`${level} ${message}`),
    });
  }

  get state(): CloudState {
    return this.registration.state;
  }

  register(): Promise<CloudState> {
    return this.registration.register();
  }

  /** Lets the time of the retry come, and waits for its result. */
  async passTime(): Promise<CloudState> {
    const { run, milliseconds } = this.waiting!;
    this.waiting = undefined;
    this.clock.advanceSeconds(milliseconds / 1000);
    run();
    return await this.settled();
  }

  async settled(): Promise<CloudState> {
    while (this.state.kind === "registering") await new Promise((resolve) => setTimeout(resolve, 1));
    return this.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registration.stop();
  }
}

function failureOf(state: CloudState): { failure: string; why: string } {
  assert.equal(state.kind, "failed");
  const { failure, why } = state as Extract<CloudState, { kind: "failed" }>;
  return { failure, why };
}

Deno.test("CloudRegistration makes key and index of an empty cluster, and repeating it is harmless", async () => {
  await using cloud = await startCloud();
  await using vault = new TestRegistration(cloud);
  assert.deepEqual(vault.state, { kind: "registering" });
  vault.registration.start();
  assert.deepEqual(await vault.settled(), { kind: "registered", since: vault.clock.now() });
  assert.deepEqual(cloud.calls, FRESH);
  assert.deepEqual(vault.logged, [
    "info cloud: registering with cloud:443",
    "info cloud: registered with cloud:443: key vault-key, index team",
  ]);
  assert.equal(vault.waiting, undefined, "nothing is left to do");
  cloud.calls.length = 0;
  assert.equal((await vault.register()).kind, "registered");
  assert.deepEqual(cloud.calls, ["get_key_list", "load_key vault-key", "get_index_list"]);
  assert.deepEqual([[...cloud.keys.keys()], [...cloud.indexes.keys()]], [["vault-key"], ["team"]]);
});

Deno.test("CloudRegistration without an index name activates the key and asks for no index", async () => {
  await using cloud = await startCloud();
  await using vault = new TestRegistration(cloud, { indexName: "" });
  assert.equal((await vault.register()).kind, "registered");
  assert.deepEqual(cloud.calls, FRESH.slice(0, 3));
  assert.match(vault.logged[1], /: key vault-key, no index$/);
});

Deno.test("CloudRegistration unloads another resident key and never deletes it", async () => {
  await using cloud = await startCloud({ keys: ["other"] });
  await using vault = new TestRegistration(cloud);
  assert.equal((await vault.register()).kind, "registered");
  assert.deepEqual([[...cloud.keys.keys()], cloud.resident], [["other", "vault-key"], ["vault-key"]]);
});

Deno.test("CloudRegistration waits 5 s, then twice as long each time up to 5 minutes, and starts anew after a success", async () => {
  await using cloud = await startCloud();
  cloud.fail("get_key_list", { status: status.UNAVAILABLE, details: "down" });
  await using vault = new TestRegistration(cloud);
  await vault.register();
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    waits.push(vault.waiting!.milliseconds / 1000);
    const { nextTryAt } = vault.state as Extract<CloudState, { kind: "failed" }>;
    assert.equal(nextTryAt, vault.clock.now() + vault.waiting!.milliseconds);
    await vault.passTime();
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
  assert.equal(
    vault.logged[1],
    "warn cloud: not registered: the cloud cannot be reached: envector: get_key_list: UNAVAILABLE: down; next try in 5 s",
  );
  cloud.fail("get_key_list", undefined);
  assert.equal((await vault.passTime()).kind, "registered");
  cloud.fail("get_key_list", { code: 2 });
  await vault.register();
  assert.equal(vault.waiting!.milliseconds, 5_000);
});

Deno.test("CloudRegistration.register() runs at once instead of at the next try", async () => {
  await using cloud = await startCloud();
  cloud.fail("load_key", { code: 0 });
  await using vault = new TestRegistration(cloud);
  const { failure, why } = failureOf(await vault.register());
  assert.deepEqual([failure, why], ["refused", "envector: load_key: server returned UnknownError: "]);
  cloud.fail("load_key", undefined);
  assert.equal((await vault.register()).kind, "registered");
  assert.equal(vault.waiting, undefined, "the retry is called off");
});

Deno.test("CloudRegistration.register() does not put off the tries after it", async () => {
  await using cloud = await startCloud();
  cloud.fail("get_key_list", { code: 2 });
  await using vault = new TestRegistration(cloud);
  await vault.register();
  for (let i = 0; i < 3; i++) await vault.passTime();
  assert.equal(vault.waiting!.milliseconds, 40_000);
  for (let i = 0; i < 3; i++) {
    await vault.register();
    assert.equal(vault.waiting!.milliseconds, 5_000, "who forces it has mended something, or nearly");
  }
  await vault.passTime();
  assert.equal(vault.waiting!.milliseconds, 10_000);
});

Deno.test("CloudRegistration.register() during a run waits for it and runs again, once for all who wait", async () => {
  await using cloud = await startCloud();
  await using vault = new TestRegistration(cloud);
  cloud.fail("get_index_list", { code: 2, message: "not yet" });
  const running = Promise.withResolvers<void>(), release = Promise.withResolvers<void>();
  cloud.onCall = (rpc) => {
    running.resolve();
    return rpc === "get_index_list" ? release.promise : undefined;
  };
  const first = vault.register();
  await running.promise;
  const others = [vault.register(), vault.register()];
  release.resolve();
  assert.equal((await first).kind, "failed");
  cloud.fail("get_index_list", undefined);
  assert.deepEqual((await Promise.all(others)).map(({ kind }) => kind), ["registered", "registered"]);
  assert.equal(cloud.calls.filter((call) => call === "get_key_list").length, 2);
});

Deno.test("CloudRegistration never runs twice at once, at whatever moment of a run it is asked", async () => {
  let open = 0, most = 0;
  const gate = Promise.withResolvers<void>(), nothing = () => Promise.resolve();
  const connect = (): Cloud => {
    most = Math.max(most, ++open);
    const keyList = () => gate.promise.then(() => ["vault-key"]), indexList = () => Promise.resolve(["team"]);
    const keys = { keyList, registerKey: nothing, loadKey: nothing, unloadKey: nothing };
    return { ...keys, indexList, createIndex: nothing, close: () => open-- };
  };
  const openEvalKey = () => Promise.resolve(patternKey(1));
  const registration = new CloudRegistration({
    connect,
    residency: { keyId: "vault-key", openEvalKey, indexName: "team", dim: 1024 },
    endpoint: "cloud:443",
    clock: new TestClock(),
    timer: () => () => {},
    log: () => {},
  });
  const asked = [registration.register(), registration.register()];
  gate.resolve();
  for (let i = 0; i < 60; i++) {
    await Promise.resolve(); // every step that the runs take
    asked.push(registration.register());
  }
  await Promise.all(asked);
  assert.deepEqual([open, most], [0, 1]);
});

Deno.test("CloudRegistration tells why the last try failed while the next one runs", async () => {
  await using cloud = await startCloud();
  await using vault = new TestRegistration(cloud);
  cloud.fail("load_key", { code: 2, message: "full" });
  const { failure, why } = failureOf(await vault.register());
  const during: CloudState[] = [];
  cloud.onCall = () => void during.push(vault.state);
  await vault.passTime();
  assert.deepEqual(during, Array(2).fill({ kind: "registering", lastFailure: { failure, why } }));
  assert.deepEqual([during[0], vault.state].map(lastingStateOf), ["failed", "failed"], "no alert goes off and on");
  cloud.fail("load_key", undefined);
  assert.equal((await vault.passTime()).kind, "registered");
  during.length = 0;
  await vault.register();
  assert.deepEqual(during[0], { kind: "registering" }, "a success is not forgotten for an older failure");
});

Deno.test("CloudRegistration tells a rejected API key from a host that cannot be reached, in state and log", async () => {
  await using cloud = await startCloud();
  await using rejected = new TestRegistration(cloud, { apiKey: "s3cret-and-wrong" });
  const { failure, why } = failureOf(await rejected.register());
  assert.equal(failure, "rejected");
  assert.equal(
    why,
    "the cloud rejects envector.api_key (set a good one and restart): envector: get_key_list: UNAUTHENTICATED: invalid token",
  );
  await using lost = new TestRegistration({ address: { host: "localhost", port: freePort() }, ca: cloud.ca });
  const unreachable = failureOf(await lost.register());
  assert.equal(unreachable.failure, "unreachable");
  assert.match(unreachable.why, /^the cloud cannot be reached: envector: get_key_list: UNAVAILABLE: .*ECONNREFUSED/);
  assert.equal(JSON.stringify([rejected.logged, lost.logged]).includes("s3cret"), false);
  cloud.apiKey = "s3cret-and-wrong";
  assert.equal((await rejected.passTime()).kind, "registered", "a key that becomes good needs no restart");
});

/** Keys that make the sequence come through a step. */
const KEYS: Partial<Record<Rpc, string[]>> = { unload_key: ["other"] };
const FAULTS: Fault[] = [
  ...[0, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((code) => ({ code, message: "because" })),
  ...Array.from({ length: 16 }, (_, i) => ({ status: i + 1 })),
  { hang: true },
  { cutAfter: 1 },
];

for (const step of STEPS) {
  Deno.test(`CloudRegistration recovers by itself from every failure of ${step}, which stops the steps after it`, async () => {
    for (const fault of FAULTS) {
      await using cloud = await startCloud({ keys: KEYS[step] });
      const timeoutMs = "hang" in fault ? 2_000 : 30_000;
      await using vault = new TestRegistration(cloud, { unaryMs: timeoutMs, uploadMs: timeoutMs });
      cloud.fail(step, fault);
      const { why } = failureOf(await vault.register());
      assert.ok(why.includes(`envector: ${step}`), why);
      const reached = cloud.calls.map((call) => call.split(" ")[0]);
      assert.ok(reached.every((call) => STEPS.indexOf(call as Rpc & typeof STEPS[number]) <= STEPS.indexOf(step)));
      cloud.fail(step, undefined);
      assert.equal((await vault.passTime()).kind, "registered", JSON.stringify(fault));
      assert.deepEqual(cloud.resident, ["vault-key"]);
      assert.deepEqual([...cloud.indexes.keys()], ["team"]);
    }
  });

  Deno.test(`CloudRegistration takes an answer to ${step} without a header for a success`, async () => {
    await using cloud = await startCloud({ keys: KEYS[step] });
    await using vault = new TestRegistration(cloud);
    cloud.fail(step, { header: "absent" });
    assert.equal((await vault.register()).kind, "registered");
  });
}

for (let frame = 1; frame <= 5; frame++) {
  Deno.test(`CloudRegistration recovers from an upload that is cut at frame ${frame} of 5`, async () => {
    await using cloud = await startCloud();
    await using vault = new TestRegistration(cloud, { keyBytes: 4 * MIB + 131_073 });
    cloud.fail("register_key", { cutAfter: frame });
    failureOf(await vault.register());
    assert.deepEqual([...cloud.keys], []);
    cloud.fail("register_key", undefined);
    assert.equal((await vault.passTime()).kind, "registered");
    assert.deepEqual(cloud.frames, [MIB, MIB, MIB, MIB, 131_073]);
  });
}

Deno.test("two vaults that start at once end with one registered key and one index", async () => {
  await using cloud = await startCloud();
  // Both see an empty cluster, and both upload.
  const bothListed = barrier(2);
  cloud.onCall = (rpc) => rpc === "get_key_list" ? bothListed() : undefined;
  await using one = new TestRegistration(cloud, { keyBytes: 2 * MIB });
  await using two = new TestRegistration(cloud, { keyBytes: 2 * MIB });
  const states = await Promise.all([one.register(), two.register()]);
  cloud.onCall = () => {};
  assert.equal(cloud.calls.filter((call) => call === "register_key vault-key").length, 2);
  const late = states[0].kind === "failed" ? one : two;
  assert.match(
    failureOf(late.state).why,
    /^envector: register_key: server returned Fail: key vault-key already exists$/,
  );
  assert.equal((await late.passTime()).kind, "registered");
  assert.deepEqual([[...cloud.keys.keys()], cloud.resident], [["vault-key"], ["vault-key"]]);
  assert.deepEqual([...cloud.indexes.keys()], ["team"]);
});

Deno.test("two vaults that create the index at once end with one", async () => {
  await using cloud = await startCloud({ keys: ["vault-key"] });
  const bothListed = barrier(2);
  cloud.onCall = (rpc) => rpc === "get_index_list" ? bothListed() : undefined;
  await using one = new TestRegistration(cloud);
  await using two = new TestRegistration(cloud);
  const states = await Promise.all([one.register(), two.register()]);
  cloud.onCall = () => {};
  const late = states[0].kind === "failed" ? one : two;
  assert.match(failureOf(late.state).why, /^envector: create_index: server returned Fail: index team already exists$/);
  assert.equal((await late.passTime()).kind, "registered");
  assert.deepEqual([...cloud.indexes.keys()], ["team"]);
});

Deno.test("CloudRegistration says what is wrong on its own side, and tells once that it has been stopped", async () => {
  await using cloud = await startCloud();
  let stops = 0;
  const vault = new CloudRegistration({
    connect: () => new EnvectorClient({ address: cloud.address, apiKey: cloud.apiKey, ca: [cloud.ca] }),
    residency: {
      keyId: "vault-key",
      openEvalKey: () => Promise.reject(new Error("EvalKey.json: no such file")),
      indexName: "",
      dim: 1024,
    },
    endpoint: "cloud:443",
    clock: new TestClock(),
    timer: () => () => {},
    log: () => {},
    onStopped: () => stops++,
  });
  assert.deepEqual(failureOf(await vault.register()), { failure: "local", why: "EvalKey.json: no such file" });
  assert.equal(stops, 0);
  await Promise.all([vault.stop(), vault.stop()]);
  await vault.stop();
  assert.equal(stops, 1);
});

Deno.test("CloudRegistration.stop() ends a call in flight, says nothing of it and begins nothing more", async () => {
  await using cloud = await startCloud();
  cloud.fail("get_key_list", { hang: true });
  const vault = new TestRegistration(cloud, { unaryMs: 60_000 });
  const called = Promise.withResolvers<void>();
  cloud.onCall = () => called.resolve();
  vault.registration.start();
  await called.promise;
  const forced = vault.register();
  await vault.registration.stop();
  await vault.registration.stop();
  assert.deepEqual(await forced, { kind: "registering" }, "the cloud has not failed");
  assert.equal(vault.waiting, undefined);
  assert.deepEqual(vault.logged, ["info cloud: registering with cloud:443"]);
  await vault.register();
  assert.deepEqual(cloud.calls, ["get_key_list"]);
});

Deno.test("a vault without endpoint or API key is offline and says so once", async () => {
  const logged: string[] = [];
  const cloud = offlineCloud((level, message) => void logged.push(`${level} ${message}`));
  cloud.start();
  assert.deepEqual(await cloud.register(), { kind: "offline" });
  await cloud.stop();
  assert.deepEqual(logged, ["warn ENVECTOR_ENDPOINT/ENVECTOR_API_KEY not set — offline mode, no team index."]);
});

/** Lets go when as many have come. */
function barrier(count: number): () => Promise<void> {
  const all = Promise.withResolvers<void>();
  return () => {
    if (--count === 0) all.resolve();
    return all.promise;
  };
}
