/**
 * The secrets engine as the daemon serves it, on disk and over TLS, with an echo route on the same server; for the bench
 * alone. Arguments: directory with certificates, directory for the store. Prints `port N`, then `token T`.
 *
 * @module
 */
import { join } from "node:path";
import type { HttpSurface } from "#edge/rest/mod.ts";
import { FileSink } from "#adapters/audit/mod.ts";
import { FileStateStore } from "#adapters/storage/files/mod.ts";
import type { SecretsConfig } from "#config/mod.ts";
import { AuditLog } from "#domain/audit/mod.ts";
import { TokenService } from "#domain/tokens/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { openSecretsVault } from "#daemon/secrets_vault.ts";

const directory = Deno.makeTempDirSync();
const clock = systemClock, log = (level: string, message: string) => console.error(level, message);
const POLICIES =
  "policies: [{name: all, permissions: [{effect: allow, actions: ['*'], resources: ['secret:*:*']}]}]\n" +
  "roles: {admin: [all]}\n";

const config: SecretsConfig = {
  database: join(directory, "store/secrets.db"),
  policiesFile: join(directory, "policies.yml"),
  cipher: "xchacha20-poly1305",
  keepVersions: 10,
  allowedIps: ["127.0.0.1"],
  trustProxy: [],
  rotationPollSeconds: 15,
  lockout: { maxFailures: 5, windowSeconds: 300, lockoutSeconds: 900 },
  kms: {
    mode: "local",
    keyId: "local",
    masterKey: new Uint8Array(32).fill(1).toBase64(),
    previousKeys: {},
    region: "",
    endpoint: "",
    credentials: "environment",
    credentialsFile: "",
    profile: "",
    maxRetries: 5,
    cacheSeconds: 300,
    cacheEntries: 16_384,
  },
  rewrap: { enable: false, pollSeconds: 86_400, maxPerSecond: 10 },
};

/** What a server that does nothing answers with: as many bytes as a get, or those that came. */
const echo: HttpSurface = {
  owns: (path) => path === "/echo",
  handle: async (request) => {
    const body = request.method === "GET"
      ? `{"name":"bench/s1","kind":"manual","format":"opaque","version":1,"value":"${
        "v".repeat(64)
      }","created_at":"2026-06-13T12:00:00Z"}`
      : await request.body(1 << 20);
    return { status: 200, headers: { "content-type": "application/json" }, body };
  },
};

await Deno.writeTextFile(config.policiesFile, POLICIES);
const state = { rolesFile: join(directory, "roles.yml"), tokensFile: join(directory, "tokens.yml") };
const tokens = await TokenService.open({ store: new FileStateStore({ ...state, warn: console.error }), clock, log });
await tokens.updateRole("admin", { rateLimit: "100000000/1s" });
const { token } = await tokens.issue({ user: "bench", role: "admin", expiresDays: null });
const sink = new FileSink({ path: join(directory, "audit.log"), retention: 1, clock });
await sink.prepare();
const audit = new AuditLog([sink], { failClosed: true, warn: console.error });
const secrets = await openSecretsVault(config, { tokens, audit, clock, log, version: "bench" });
const v1 = secrets.surfaces[0];
const headers = new Map([["authorization", `Bearer ${token}`], ["content-type", "application/json"]]);
const req = (method: string, path: string, body = "") => ({
  method,
  path,
  query: new URLSearchParams(),
  header: (n: string) => headers.get(n),
  peerAddress: "127.0.0.1",
  body: () => Promise.resolve(new TextEncoder().encode(body)),
});
console.log(
  (await v1.handle(
    req("POST", "/v1/secrets", JSON.stringify({ name: "bench/s1", kind: "manual", value: "v".repeat(64) })),
  )).status,
);
import { cpuUsage } from "node:process";
for (let round = 0; round < 5; round++) {
  const t = performance.now(), c = cpuUsage();
  for (let i = 0; i < 5000; i++) { const r = await v1.handle(req("GET", "/v1/secrets/bench/s1")); if (r.status !== 200) throw new Error(String(r.status)); r.onSent?.(); }
  const d = cpuUsage(c);
  console.log("get us wall", (performance.now() - t) / 5000 * 1000, "user", d.user / 5000, "sys", d.system / 5000);
}
Deno.exit(0);
