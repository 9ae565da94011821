import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";
import { join } from "node:path";
import { readKeyEnvelope } from "#domain/fhe/mod.ts";
import { deriveAgentKey } from "#domain/metadata/mod.ts";
import { GOLDEN, goldenBlob } from "../support/paths.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const TEAM_SECRET = "team-secret-canary-8e1f53c2";
const API_KEY = "api-key-canary-0b7a99d4";
const PLAINTEXT = "metadata-plaintext-canary-5d2c";
/** Where the contract puts secrets: configuration, state and keys. */
const HOMES = /^(configs\/(runevault\.conf|tokens\.yml)|vault-keys\/.*|certs\/.*\.key)$/;

/** A secret in every form in which it could slip out: as it is, in hex and in base64 at each of three offsets. */
function formsOf(secret: string | Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  // Of the base64 of longer data only the middle is sure, and only at the offset that it happens to have.
  const shifted = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64").slice(4, -4)
  );
  return [bytes.toString("latin1"), bytes.toString("hex"), bytes.toString("hex").toUpperCase(), ...shifted];
}

function assertClean(
  place: string,
  content: string | Uint8Array,
  secrets: ReadonlyMap<string, string | Uint8Array>,
): void {
  const text = typeof content === "string" ? content : Buffer.from(content).toString("latin1");
  for (const [name, secret] of secrets) {
    for (const form of formsOf(secret)) assert.equal(text.includes(form), false, `${place} holds the ${name}`);
  }
}

function* filesIn(folder: string, prefix = ""): Generator<string> {
  for (const { name, isFile, isDirectory } of Deno.readDirSync(join(folder, prefix))) {
    if (isFile) yield join(prefix, name);
    if (isDirectory) yield* filesIn(folder, join(prefix, name));
  }
}

function sealed(agentId: string, plaintext: string): string {
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const cipher = createCipheriv("aes-256-ctr", deriveAgentKey(TEAM_SECRET, agentId), iv);
  return JSON.stringify({ a: agentId, c: Buffer.concat([iv, cipher.update(plaintext)]).toString("base64") });
}

/** Good and bad calls of all kinds. @returns What the answers to the bad ones said. */
async function useIt(client: VaultClient, token: string): Promise<string[]> {
  const bundle = JSON.parse((await client.getPublicKey({ token })).key_bundle_json);
  const envelope = sealed(bundle.agent_id, PLAINTEXT);
  const { decrypted_metadata } = await client.decryptMetadata({ token, encrypted_metadata_list: [envelope] });
  assert.deepEqual(decrypted_metadata, [PLAINTEXT]);
  const blob = new TextDecoder().decode(goldenBlob("one-row"));
  assert.equal((await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 1 })).error, "");
  const answers = await Promise.all([
    client.decryptScores({ token, encrypted_blob_b64: `${blob.slice(0, 1000)}A`, top_k: 1 }),
    client.decryptMetadata({ token, encrypted_metadata_list: [envelope, envelope.slice(0, -3)] }),
    client.decryptMetadata({ token, encrypted_metadata_list: [JSON.stringify({ a: PLAINTEXT, c: "%%%" })] }),
  ]);
  const refusals = await Promise.all([
    refusalOf(client.decryptScores({ token: `${token}x`, encrypted_blob_b64: blob, top_k: 1 })),
    refusalOf(client.decryptScores({ token: token.toUpperCase(), encrypted_blob_b64: blob, top_k: 1 })),
    refusalOf(client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 300 })),
    refusalOf(client.call("DecryptMetadata", { token: token.replace("e", "\n"), encrypted_metadata_list: [envelope] })),
  ]);
  return [...answers.map(({ error }) => error), ...refusals.map(({ details }) => details)];
}

Deno.test("no secret is where the contract does not put it, after a full run at the most verbose level", async () => {
  await using vault = await TestVault.start({
    sections: {
      tokens: `tokens: {team_secret: ${TEAM_SECRET}, roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}`,
      envector: `envector: {endpoint: "", api_key: ${API_KEY}}`,
      log: "log: {level: debug}",
    },
  });
  const first = await vault.issueToken("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const answers = await useIt(client, first);
  const { agent_id: agentId } = JSON.parse((await client.getPublicKey({ token: first })).key_bundle_json);
  const rotated = await vault.cli("token", "rotate", "--user", "alice");
  const second = /Token: (\S+)/.exec(rotated.stdout)![1];
  answers.push(...await useIt(client, second));
  const outputs = [];
  for (
    const args of [["status"], ["status", "--json"], ["token", "list"], ["token", "list", "--json"], ["role", "list"]]
  ) {
    outputs.push(await vault.cli(...args));
  }
  for (const args of [["token", "issue", "--user", "alice", "--role", "admin"], ["token", "revoke", "--user", first]]) {
    const output = await vault.cli(...args);
    assert.equal(output.code, 1);
    if (!args.includes(first)) outputs.push(output); // it was told the token as a name, and names what it was told
  }

  const envelope = await Deno.readFile(`${GOLDEN}vault-key/SecKey.json`);
  const payload = readKeyEnvelope("SecKey", "SecKey.json", envelope);
  const secrets = new Map<string, string | Uint8Array>([
    ["team secret", TEAM_SECRET],
    ["API key", API_KEY],
    ["metadata plaintext", PLAINTEXT],
    ["first token", first],
    ["second token", second],
    ["agent's key", deriveAgentKey(TEAM_SECRET, agentId)],
    ["secret key", payload.subarray(500, 532)],
    ["secret key's text", Buffer.from(envelope).toString("latin1").slice(900, 940)],
  ]);

  answers.forEach((answer) => assertClean(`the answer ${answer}`, answer, secrets));
  outputs.forEach(({ stdout, stderr }) => assertClean("a command's output", stdout + stderr, secrets));
  if (Deno.build.os === "linux") {
    for (const name of ["maps", "cmdline", "environ", "status"]) {
      assertClean(`/proc/self/${name}`, await Deno.readFile(`/proc/${vault.pid}/${name}`), secrets);
    }
  }
  assert.equal((await vault.stop()).code, 0);
  assertClean("the log", vault.stderr, secrets);
  for (const file of filesIn(vault.dir)) {
    if (!HOMES.test(file)) assertClean(file, await Deno.readFile(join(vault.dir, file)), secrets);
  }
  const homes = [...filesIn(vault.dir)].filter((file) => HOMES.test(file)).sort();
  assert.deepEqual(homes, [
    "certs/server.key",
    "configs/runevault.conf",
    "configs/tokens.yml",
    "vault-keys/vault-key/EncKey.json",
    "vault-keys/vault-key/EvalKey.json",
    "vault-keys/vault-key/SecKey.json",
  ]);
});

Deno.test("the search itself finds each form of a secret", () => {
  const secrets = new Map([["needle", "a-needle-of-some-length"]]);
  for (
    const form of [
      "x a-needle-of-some-length",
      Buffer.from("a-needle-of-some-length").toString("hex"),
      btoa("{a-needle-of-some-length}"),
      btoa('{"a-needle-of-some-length'),
    ]
  ) {
    assert.throws(() => assertClean("here", form, secrets), { message: /here holds the needle/ });
  }
});
