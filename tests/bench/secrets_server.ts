/**
 * The secrets engine as the daemon serves it, on disk and over TLS, with an echo route on the same server; for the bench
 * alone. Arguments: directory with certificates, directory for the store. Prints `port N`, `opened MS` (from before
 * the store is opened until calls are taken) and `token T`.
 *
 * @module
 */
import { join } from "node:path";
import { FileSink } from "#adapters/audit/mod.ts";
import { FileStateStore } from "#adapters/storage/files/mod.ts";
import type { SecretsConfig } from "#config/mod.ts";
import { AuditLog } from "#domain/audit/mod.ts";
import { TokenService } from "#domain/tokens/mod.ts";
import { OnePort } from "#edge/listener/mod.ts";
import { HttpServer, type HttpSurface } from "#edge/rest/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { openSecretsVault } from "#daemon/secrets_vault.ts";
import { testMasterKey } from "../support/secret_engine.ts";

const [certs, directory] = Deno.args;
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
    masterKey: testMasterKey().toBase64(),
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

/** Sends back what came: what the server costs alone. */
const echo: HttpSurface = {
  owns: (path) => path === "/echo",
  handle: async (request) => {
    const body = await request.body(1 << 20);
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
const started = clock.monotonic();
const secrets = await openSecretsVault(config, { tokens, audit, clock, log, version: "bench" });
const http1 = new HttpServer({ surfaces: [...Object.values(secrets.surfaces), echo], log });
const tls = {
  cert: await Deno.readFile(join(certs, "server.pem")),
  key: await Deno.readFile(join(certs, "server.key")),
};
const http2 = { accept: (socket: { destroy(): void }) => socket.destroy() };
const port = await new OnePort({ protocols: { http1, http2 }, tls, clock, log }).listen("127.0.0.1", 0);
secrets.start();
console.log(`port ${port}\nopened ${clock.monotonic() - started}\ntoken ${token}`);
