import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { launchCli } from "./run_cli.ts";

for (const command of ["start", "restart"]) {
  Deno.test(`runevault daemon ${command} lists all that is wrong with the config and exits 1`, async () => {
    using dir = new TempDir();
    const config = dir.write("runevault.conf", "keys: {path: k, embedding_dim: 9}\nserver: {grpc: {port: 0}}\n");
    const result = await launchCli("daemon", command, "--config", config, "--admin-socket", "");
    const warning = `Warning: no PID file at ${dir.join(".runevault.pid")} — daemon not running?\n`;
    const stderr = `Error: config invalid:
  - server.admin.socket is required
  - server.grpc.port is required
  - server.grpc.tls.cert and server.grpc.tls.key are required (or set server.grpc.tls.disable=true)
  - tokens.roles_file is required
  - tokens.tokens_file is required
  - keys.embedding_dim must be within 32..4096 (got 9)
`;
    assert.deepEqual(result, { code: 1, stdout: "", stderr: command === "start" ? stderr : warning + stderr });
  });
}
