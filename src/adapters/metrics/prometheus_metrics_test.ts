import assert from "node:assert/strict";
import type { Clock } from "#ports/clock.ts";
import { CLOUD_STATES, type CloudState, type EndedCall, type TokenCounts } from "#ports/metrics.ts";
import { PrometheusMetrics } from "./mod.ts";

const BUILD = { version: "v1", commit: "abc", runtime: "2.9.3" };
const CALL: EndedCall = {
  method: "DecryptScores",
  code: "OK",
  isPayloadFault: false,
  isDenied: false,
  user: "alice",
  seconds: 0.003,
};

/** Time and a process, as a test sets them. */
class Machine implements Clock {
  millis = 0;
  cpu = 2;
  readonly usage = {
    memory: () => ({ rss: 1000, heapUsed: 200, external: 30 }),
    cpuSeconds: () => this.cpu,
    processors: 2,
    startedAt: 1_700_000_000_000,
  };
  now = () => this.millis;
  monotonic = () => this.millis;
}

function open({ userLabel = false } = {}) {
  const machine = new Machine();
  const metrics = new PrometheusMetrics({ build: BUILD, userLabel, clock: machine, usage: machine.usage });
  return { machine, metrics };
}

/** The value of a series as it is written, or undefined. */
async function read(metrics: PrometheusMetrics, series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split("\n").find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1).replace("Inf", "Infinity"));
}

for (
  const { name, change, errors, observed, series } of [
    { name: "a success", change: {}, errors: 0, observed: 1, series: 'code="OK"' },
    { name: "a payload at fault", change: { isPayloadFault: true }, errors: 1, observed: 1, series: 'code="OK"' },
    {
      name: "a failure of the vault",
      change: { code: "INTERNAL" },
      errors: 1,
      observed: 1,
      series: 'code="INTERNAL"',
    },
    {
      name: "a refusal, which is no error",
      change: { code: "PERMISSION_DENIED", isDenied: true },
      errors: 0,
      observed: 0,
      series: 'code="PERMISSION_DENIED"',
    },
  ] as { name: string; change: Partial<EndedCall>; errors: number; observed: number; series: string }[]
) {
  Deno.test(`PrometheusMetrics.callEnded() counts ${name}`, async () => {
    using metrics = open().metrics;
    metrics.callEnded({ ...CALL, ...change });
    assert.equal(await read(metrics, "vault_decryption_requests_total"), 1);
    assert.equal(await read(metrics, "vault_decryption_errors_total"), errors);
    assert.equal(await read(metrics, "vault_decryption_latency_seconds_count"), observed);
    assert.equal(await read(metrics, `vault_grpc_requests_total{method="DecryptScores",${series}}`), 1);
    assert.equal((await metrics.text()).includes("alice"), false);
  });
}

Deno.test("PrometheusMetrics.callEnded() keeps GetPublicKey out of the decryptions", async () => {
  using metrics = open().metrics;
  metrics.callEnded({ ...CALL, method: "GetPublicKey" });
  assert.equal(await read(metrics, "vault_decryption_requests_total"), 0);
  assert.equal(await read(metrics, 'vault_grpc_requests_total{method="GetPublicKey",code="OK"}'), 1);
});

Deno.test("PrometheusMetrics puts a latency into the bucket that ends above it", async () => {
  using metrics = open().metrics;
  metrics.callEnded(CALL);
  assert.equal(await read(metrics, 'vault_decryption_latency_seconds_bucket{le="0.0025"}'), 0);
  assert.equal(await read(metrics, 'vault_decryption_latency_seconds_bucket{le="0.005"}'), 1);
  assert.equal(await read(metrics, "vault_decryption_latency_seconds_sum"), 0.003);
});

Deno.test("PrometheusMetrics names users only where told to, and no more of them than have tokens", async () => {
  using metrics = open({ userLabel: true }).metrics;
  const users = new Set(["alice", 'b"\\\n']);
  metrics.watch({ tokens: () => ({ byRole: new Map(), users }), nativeQueue, cloudState: () => "offline" });
  metrics.callEnded(CALL);
  metrics.callEnded({ ...CALL, user: 'b"\\\n', code: "INTERNAL" });
  metrics.callEnded({ ...CALL, user: undefined, isDenied: true, code: "UNAUTHENTICATED" });
  assert.equal(await read(metrics, 'vault_decryption_requests_total{user="alice"}'), 1);
  assert.equal(await read(metrics, 'vault_decryption_errors_total{user="b\\"\\\\\\n"}'), 1);
  assert.equal(await read(metrics, 'vault_decryption_requests_total{user="unknown"}'), 1);
  users.delete("alice");
  assert.equal(await read(metrics, 'vault_decryption_requests_total{user="alice"}'), undefined);
  for (let i = 0; i < 1000; i++) metrics.callEnded({ ...CALL, user: `passing ${i}` });
  assert.equal((await metrics.text()).match(/^vault_decryption_requests_total\{/gm)?.length, 2);
});

Deno.test("PrometheusMetrics has every series of fixed labels from the start", async () => {
  using metrics = open().metrics;
  assert.equal(await read(metrics, 'vault_auth_failures_total{reason="expired"}'), 0);
  assert.equal(await read(metrics, 'vault_grpc_requests_total{method="DecryptMetadata",code="UNAUTHENTICATED"}'), 0);
});

Deno.test("PrometheusMetrics shows tokens, queue and cloud as they are when it is read", async () => {
  using metrics = open().metrics;
  let cloud: CloudState = "registering";
  const zeros = { valid: 0, expired: 0, unreadable: 0, no_role: 0 };
  let tokens: TokenCounts = {
    byRole: new Map([["member", { ...zeros, valid: 3, expired: 1 }], ["old", zeros]]),
    users: new Set(),
    soonestExpiry: 5_000,
  };
  metrics.watch({ tokens: () => tokens, nativeQueue, cloudState: () => cloud });
  assert.equal(await read(metrics, 'vault_tokens{role="member",state="valid"}'), 3);
  assert.equal(await read(metrics, 'vault_tokens{role="old",state="expired"}'), 0);
  assert.equal(await read(metrics, "vault_token_soonest_expiry_timestamp_seconds"), 5);
  assert.equal(await read(metrics, "vault_native_calls_running"), 2);
  assert.equal(await read(metrics, "vault_native_queue_depth"), 7);
  tokens = { byRole: new Map([["member", zeros]]), users: new Set() };
  cloud = "registered";
  assert.equal(await read(metrics, 'vault_tokens{role="old",state="expired"}'), undefined);
  assert.equal(await read(metrics, "vault_token_soonest_expiry_timestamp_seconds"), Infinity);
  const states = await Promise.all(CLOUD_STATES.map((state) => read(metrics, `vault_cloud_state{state="${state}"}`)));
  assert.deepEqual(states, [0, 0, 1, 0]);
});

const nativeQueue = () => ({ running: 2, waiting: 7 });

Deno.test("PrometheusMetrics tells the processor's load between readings, of all processors", async () => {
  const { machine, metrics } = open();
  using _ = metrics;
  machine.millis = 20_000, machine.cpu = 12; // 10 s of processor time in 20 s on 2 processors
  assert.equal(await read(metrics, "vault_cpu_usage_percent"), 25);
  machine.millis = 21_000, machine.cpu = 13;
  assert.equal(await read(metrics, "vault_cpu_usage_percent"), 25, "a second reader does not shorten the window");
  machine.millis = 40_000, machine.cpu = 52;
  assert.equal(await read(metrics, "vault_cpu_usage_percent"), 100);
  assert.equal(await read(metrics, "process_cpu_seconds_total"), 52);
  assert.equal(await read(metrics, "vault_uptime_seconds"), 40);
  assert.equal(await read(metrics, 'vault_build_info{version="v1",commit="abc",runtime="2.9.3"}'), 1);
});
