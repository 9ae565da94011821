/**
 * `deno task demo`: a fresh vault decrypts what only it can decrypt, through the same commands and calls that a user
 * makes. Leaves nothing behind; with --keep the vault goes on running.
 *
 * @module
 */
import { createCipheriv } from "node:crypto";
import { join } from "node:path";
import { readKeyEnvelope } from "#domain/fhe/mod.ts";
import { ScoreEncryptor } from "../support/blobs.ts";
import { ROOT } from "../support/paths.ts";
import { freePort, run } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const LAUNCHER = `${ROOT}src/launch/launch.sh`;
const SHARD_ROWS = [2500, 1800, 700];
const SHARD_IDX = [0, 1, 4];
const TOP_K = 5;
const START_MS = 30_000;

const keep = Deno.args.includes("--keep");
const dir = await Deno.makeTempDir({ prefix: "runevault-demo-" });
const port = freePort();
const logFile = join(dir, "logs/daemon.log");
let isRunning = false;

try {
  await step("runevault init: an install directory with keys, certificates and config", init);
  await step("runevault daemon start: with the permissions that it needs and no more", startDaemon);
  const token = await step("runevault token issue --user demo --role member", issueToken);
  await useAsClient(token);
  await printPermissions();
  if (keep) printCommands(token);
} finally {
  if (!keep) {
    if (isRunning) await step("runevault daemon stop", () => cli("daemon", "stop"));
    await Deno.remove(dir, { recursive: true });
  }
}

async function init(): Promise<void> {
  await sh("init", "--dir", dir);
  const config = await Deno.readTextFile(configPath());
  await Deno.writeTextFile(
    configPath(),
    config.replace("host: 0.0.0.0", "host: 127.0.0.1").replace("port: 50051", `port: ${port}`),
  );
}

/** The daemon's log goes to a file, so that it outlives this process with --keep. */
async function startDaemon(): Promise<void> {
  const command = new Deno.Command("sh", {
    args: ["-c", `exec sh "$0" "$@" 2>>${logFile}`, LAUNCHER, "--config", configPath(), "daemon", "start"],
    env: { DENO: Deno.execPath() },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const daemon = command.spawn();
  daemon.unref();
  isRunning = true;
  for (let waited = 0; !(await log()).includes("serving gRPC"); waited += 50) {
    if (waited > START_MS) throw new Error(`the daemon did not start:\n${await log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function issueToken(): Promise<string> {
  const stdout = await cli("token", "issue", "--user", "demo", "--role", "member", "--expires", "90d");
  return /Token: (\S+)/.exec(stdout)![1];
}

/** What an agent does: fetch the public key, let the cloud search, have the vault decrypt. */
async function useAsClient(token: string): Promise<void> {
  using client = new VaultClient(`localhost:${port}`, await Deno.readTextFile(join(dir, "certs/ca.pem")));
  const bundle = await step("GetPublicKey over TLS", async () => {
    const { key_bundle_json } = await client.getPublicKey({ token });
    return JSON.parse(key_bundle_json);
  });
  await decryptScores(client, token, bundle["EncKey.json"]);
  await decryptMetadata(client, token, bundle);
}

async function decryptScores(client: VaultClient, token: string, encKeyJson: string): Promise<void> {
  const rows = SHARD_ROWS.map((n) => Array.from({ length: n }, () => Math.random() * 2 - 1));
  const encKey = readKeyEnvelope("EncKey", "EncKey.json", new TextEncoder().encode(encKeyJson));
  const blob = await step(
    `encrypt ${rows.flat().length} known scores with the public key, as the cloud returns them`,
    () => new ScoreEncryptor(encKey).blob(rows, SHARD_IDX),
  );
  const request = { token, encrypted_blob_b64: blob, top_k: TOP_K };
  await client.decryptScores(request);
  const started = performance.now();
  const { results, error } = await client.decryptScores(request);
  const latency = performance.now() - started;
  if (error) throw new Error(error);
  const truth = rows.flatMap((row, i) => row.map((score, rowIdx) => ({ shard: SHARD_IDX[i], rowIdx, score })))
    .sort((a, b) => b.score - a.score);
  print(
    `\n  DecryptScores: the top ${TOP_K} of ${truth.length}, from ${(blob.length / 1024).toFixed(0)} KiB of ciphertext`,
  );
  print("  shard    row   decrypted          true value");
  let worst = 0;
  results.forEach((result, i) => {
    const { shard, rowIdx, score } = truth[i];
    if (result.shard_idx !== shard || result.row_idx !== rowIdx) throw new Error("the ranking is wrong");
    worst = Math.max(worst, Math.abs(result.score - score));
    print(
      `  ${shard.toString().padStart(5)}  ${rowIdx.toString().padStart(5)}   ${result.score.toFixed(12)}   ${
        score.toFixed(12)
      }`,
    );
  });
  print(`  largest error ${worst.toExponential(1)}, latency ${latency.toFixed(1)} ms\n`);
}

async function decryptMetadata(
  client: VaultClient,
  token: string,
  bundle: { agent_id: string; agent_dek: string },
): Promise<void> {
  const plaintext = `{"title": "The team's memory", "content": "only the vault can read this"}`;
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const cipher = createCipheriv("aes-256-ctr", Uint8Array.fromBase64(bundle.agent_dek), iv);
  const sealed = Uint8Array.from([...iv, ...cipher.update(plaintext)]).toBase64();
  const envelope = JSON.stringify({ a: bundle.agent_id, c: sealed });
  const { decrypted_metadata, error } = await client.decryptMetadata({ token, encrypted_metadata_list: [envelope] });
  if (error || decrypted_metadata[0] !== plaintext) throw new Error(`the metadata is not what it was: ${error}`);
  print(`  DecryptMetadata: ${envelope.slice(0, 60)}...`);
  print(`                -> ${decrypted_metadata[0]}\n`);
}

async function printPermissions(): Promise<void> {
  const pid = (await Deno.readTextFile(join(dir, ".runevault.pid"))).trim();
  const words = Deno.build.os === "linux"
    ? (await Deno.readTextFile(`/proc/${pid}/cmdline`)).split("\0")
    : (await run("ps", ["-o", "args=", "-p", pid])).stdout.split(" ");
  print("  The daemon's permissions, from the process list:");
  for (const flag of words.filter((word) => /^--(allow|ignore)-/.test(word))) print(`    ${flag}`);
  print("");
}

function printCommands(token: string): void {
  const runevault = `deno task --quiet runevault --config ${configPath()}`;
  print("The vault goes on running. Try:");
  print(`  ${runevault} status`);
  print(`  ${runevault} token list`);
  print(`  curl --unix-socket ${join(dir, "admin.sock")} http://admin/tokens`);
  print(`  grpcurl -cacert ${join(dir, "certs/ca.pem")} -d '{"token":"${token}"}' localhost:${port} \\`);
  print("    rune.vault.v1.VaultService/GetPublicKey");
  print(`  ${runevault} daemon stop && rm -r ${dir}`);
}

function configPath(): string {
  return join(dir, "configs/runevault.conf");
}

async function log(): Promise<string> {
  try {
    return await Deno.readTextFile(logFile);
  } catch {
    return "";
  }
}

function cli(...args: string[]): Promise<string> {
  return sh("--config", configPath(), ...args);
}

async function sh(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run("sh", [LAUNCHER, ...args]);
  if (code !== 0) throw new Error(`runevault ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}

async function step<T>(title: string, work: () => T | Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  print(`${((performance.now() - started) / 1000).toFixed(2).padStart(6)} s  ${title}`);
  return result;
}

function print(line: string): void {
  console.log(line);
}
