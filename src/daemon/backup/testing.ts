/** An install without a daemon, and backups of it that somebody has tampered with. @module */
import { generateIdentity, identityToRecipient } from "age-encryption";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { encryptAge, TAR_END, tarHeader, tarPadding } from "#adapters/archive/mod.ts";
import { loadConfig } from "#config/mod.ts";
import { TempDir } from "#config/testing.ts";
import { MANIFEST_NAME, writeManifest } from "#domain/backup/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { createBackup, type CreatedBackup } from "./create_backup.ts";

const CONFIG = `server: {grpc: {tls: {cert: certs/server.pem, key: certs/server.key}}}
keys: {path: vault-keys, embedding_dim: 1024}
tokens: {team_secret_file: secrets/team, roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}
audit: {mode: file, path: logs/audit.log}
`;

const KEYS = new URL("../../../tests/vectors/fhe/vault-key/", import.meta.url);

/** What the install holds, by path; of what a backup only carries, nothing is real. */
export const FILES: Readonly<Record<string, string>> = {
  "configs/runevault.conf": CONFIG,
  "configs/roles.yml": "roles:\n  admin: {scope: [get_public_key], top_k: 5, rate_limit: 1/1s}\n",
  "configs/tokens.yml": "tokens:\n- {user: alice, token: evt_secret, role: admin, issued_at: '2026-01-01'}\n",
  "vault-keys/vault-key/EncKey.json": Deno.readTextFileSync(new URL("EncKey.json", KEYS)),
  "vault-keys/vault-key/EvalKey.json": "eval".repeat(100_000),
  "vault-keys/vault-key/SecKey.json": Deno.readTextFileSync(new URL("SecKey.json", KEYS)),
  "secrets/team": "team secret\n",
  "certs/server.pem": "certificate",
  "certs/server.key": "key",
  "certs/ca.key": "ca key",
};

/** Files that no backup takes. */
const LEFT_OUT = {
  "logs/audit.log": "{}\n",
  "lib/libenvector.so": "old library",
  "certs/.hidden": "x",
  ".runevault.pid": "1\n",
};

export class TestInstall implements AsyncDisposable {
  readonly #temp: TempDir;

  private constructor(temp: TempDir, readonly identity: string, readonly recipient: string) {
    this.#temp = temp;
    for (const [path, text] of Object.entries({ ...FILES, ...LEFT_OUT })) temp.write(`vault/${path}`, text, 0o600);
    Deno.chmodSync(this.join("vault/certs/server.pem"), 0o644);
  }

  static async create(): Promise<TestInstall> {
    const identity = await generateIdentity();
    return new TestInstall(new TempDir(), identity, await identityToRecipient(identity));
  }

  get key() {
    return { identities: [this.identity] };
  }

  /** A path beside the install, which is `vault`. */
  join(name: string): string {
    return join(this.#temp.path, name);
  }

  write(path: string, text: string): void {
    this.#temp.write(path, text, 0o600);
  }

  /** Backs the install up to `name`. */
  async backUp(name = "b.age", options: { force?: boolean } = {}): Promise<CreatedBackup> {
    const { config } = await loadConfig({ path: this.join("vault/configs/runevault.conf"), secrets: false });
    const lock = { recipients: [this.recipient] };
    const force = options.force ?? false;
    return await createBackup(config, { out: this.join(name), lock, force, version: "test", clock: systemClock });
  }

  /** Writes a backup by hand, as whoever knows the recipient can. */
  async forge(
    files: Readonly<Record<string, string | Uint8Array>>,
    { archived = files }: { archived?: Readonly<Record<string, string | Uint8Array>> } = {},
  ): Promise<string> {
    const listed = Object.entries(files).map(([path, content]) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      return { path, mode: 0o600, size: bytesOf(content).length, sha256 };
    });
    const whole = { runevault: "x", created: "now", installDir: "/opt/rune-vault", files: listed };
    const first = [MANIFEST_NAME, writeManifest(whole)] as const;
    const rest = Object.entries(archived).map(([path, content]) => [path, bytesOf(content)] as const);
    const blocks = [first, ...rest].flatMap(([path, bytes]) => {
      return [tarHeader({ path, mode: 0o600, size: bytes.length }), bytes, tarPadding(bytes.length)];
    });
    const plain = ReadableStream.from<Uint8Array>([...blocks, TAR_END]);
    const sealed = await encryptAge(plain, { recipients: [this.recipient] });
    await Deno.writeFile(this.join("forged.age"), sealed);
    return this.join("forged.age");
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#temp[Symbol.dispose]();
    return Promise.resolve();
  }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Every file below a directory, by its relative path, as its mode and text. */
export function treeOf(dir: string, prefix = ""): Record<string, string> {
  return Object.assign(
    {},
    ...[...Deno.readDirSync(dir)].map(({ name, isDirectory }) => {
      const path = join(dir, name), mode = (Deno.statSync(path).mode! & 0o777).toString(8);
      if (isDirectory) return { [`${prefix}${name}/`]: mode, ...treeOf(path, `${prefix}${name}/`) };
      return { [prefix + name]: `${mode} ${Deno.readTextFileSync(path)}` };
    }),
  );
}
