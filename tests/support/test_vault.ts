import { join } from "node:path";
import { testCertificates } from "./certificates.ts";
import { GOLDEN, LIBRARY, ROOT } from "./paths.ts";

/** Ready within this, on a machine that runs other tests at the same time. */
const START_MS = 60_000;
const LAUNCHER = `${ROOT}src/launch/launch.sh`;

export interface TestVaultOptions {
  /** Lines to put in place of sections of the configuration, by top-level key, e.g. `{ audit: "audit: {mode: file}" }`. */
  readonly sections?: Readonly<Record<string, string>>;
  /** Copy the golden SecKey and EncKey (default), or let the daemon generate keys. */
  readonly goldenKeys?: boolean;
  readonly tls?: boolean;
  readonly library?: string;
  /** A module that runs in the daemon before its own; what it prints is in `stdout`. */
  readonly preload?: string;
  /** Asks for the permission flags once and then starts Deno with them, without the launcher: for many starts in a row. */
  readonly keepFlags?: boolean;
  /** A program and its arguments that start the daemon, e.g. setpriv. */
  readonly through?: readonly string[];
  /** Environment of the daemon, beside what every process has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a finished command left. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An install directory in a temporary place, and the real daemon started as a user starts it. */
export class TestVault implements AsyncDisposable {
  #daemon: Deno.ChildProcess | undefined;
  #stderr = "";
  #reader: Promise<void> | undefined;
  #flags: readonly string[] | undefined;
  readonly #options: TestVaultOptions;

  private constructor(readonly dir: string, public port: number, readonly ca: string, options: TestVaultOptions) {
    this.#options = options;
  }

  /** Makes the directory; nothing runs yet. */
  static async create(options: TestVaultOptions = {}): Promise<TestVault> {
    const dir = await Deno.makeTempDir({ prefix: "rv-" });
    const { ca, cert, key } = await testCertificates();
    for (const folder of ["configs", "certs", "logs"]) await Deno.mkdir(join(dir, folder));
    await Deno.writeTextFile(join(dir, "certs/server.pem"), cert);
    await Deno.writeTextFile(join(dir, "certs/server.key"), key, { mode: 0o600 });
    await Deno.writeTextFile(join(dir, "certs/ca.pem"), ca);
    if (options.goldenKeys !== false) await copyGoldenKeys(dir);
    const vault = new TestVault(dir, freePort(), ca, options);
    await vault.#writeConfig(options);
    return vault;
  }

  static async start(options: TestVaultOptions = {}): Promise<TestVault> {
    const vault = await TestVault.create(options);
    try {
      await vault.start();
    } catch (reason) {
      await vault[Symbol.asyncDispose]();
      throw reason;
    }
    return vault;
  }

  get config(): string {
    return join(this.dir, "configs/runevault.conf");
  }

  get socket(): string {
    return join(this.dir, "admin.sock");
  }

  get pid(): number {
    return this.#daemon!.pid;
  }

  /** What a preloaded module prints; the daemon itself prints nothing there. */
  get stdout(): ReadableStream<Uint8Array> {
    return this.#daemon!.stdout;
  }

  /** What the daemon has said so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when the daemon has said so on stderr, from character `since` on. */
  async says(text: string, since = 0): Promise<void> {
    const until = performance.now() + START_MS;
    while (!this.#stderr.includes(text, since)) {
      if (performance.now() > until) throw new Error(`the daemon never said "${text}": ${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Starts the daemon and waits until it serves; another port is taken when somebody else was quicker. */
  async start(): Promise<void> {
    for (let attempt = 0;; attempt++) {
      try {
        return await this.#startOnce();
      } catch (reason) {
        if (attempt === 3 || !/address already in use|EADDRINUSE|No address added/i.test(String(reason))) throw reason;
        const text = await Deno.readTextFile(this.config);
        const port = freePort();
        await Deno.writeTextFile(this.config, text.replace(`port: ${this.port}`, `port: ${port}`));
        this.port = port;
        this.#flags = undefined;
      }
    }
  }

  /** Ends the daemon with a signal and waits for it. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    const daemon = this.#daemon!;
    try {
      daemon.kill(signal);
    } catch {
      // It is gone already.
    }
    const status = await daemon.status;
    await this.#reader;
    this.#daemon = undefined;
    return status;
  }

  /** What the daemon may do once it is sealed, by kind, in the order in which `status` lists it. */
  get keptPermissions(): Record<string, string[]> {
    const inDir = (...names: string[]) => names.map((name) => join(this.dir, name));
    const own = inDir(".runevault.pid", "admin.sock", "logs"), state = inDir("configs/roles.yml", "configs/tokens.yml");
    const staged = inDir("configs/.roles.yml.new", "configs/.tokens.yml.new");
    const keys = inDir("vault-keys/vault-key/EncKey.json", "vault-keys/vault-key/EvalKey.json");
    const reloaded = this.#options.tls === false ? [] : inDir("certs/server.pem", "certs/server.key");
    const read = [...own, ...staged, ...keys, ...reloaded], write = [...own, ...state, ...staged];
    return { net: [], read, write, ffi: [], run: [], env: [], sys: [], import: [] };
  }

  /** Runs the real CLI on this vault's configuration. */
  cli(...args: string[]): Promise<Output> {
    return run("sh", [LAUNCHER, "--config", this.config, ...args]);
  }

  /** Issues a token and returns it. */
  async issueToken(user: string, role = "admin"): Promise<string> {
    const { code, stdout, stderr } = await this.cli("token", "issue", "--user", user, "--role", role);
    const token = /Token: (evt_[0-9a-f]{32})/.exec(stdout)?.[1];
    if (code !== 0 || !token) throw new Error(`token issue failed: ${stderr}`);
    return token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#daemon) await this.stop("SIGKILL");
    await Deno.remove(this.dir, { recursive: true });
  }

  async #startOnce(): Promise<void> {
    this.#stderr = "";
    const [program, ...args] = [...this.#options.through ?? [], ...await this.#startCommand()];
    const command = new Deno.Command(program, {
      args,
      env: { DENO: Deno.execPath(), NO_COLOR: "1", ...this.#options.env },
      stdin: "null",
      stdout: this.#options.preload ? "piped" : "null",
      stderr: "piped",
    });
    this.#daemon = command.spawn();
    const ready = Promise.withResolvers<void>();
    this.#reader = this.#readStderr(this.#daemon.stderr, ready);
    const timer = setTimeout(() => ready.reject(new Error(`the daemon is not ready: ${this.#stderr}`)), START_MS);
    try {
      await ready.promise;
    } catch (reason) {
      await this.stop("SIGKILL");
      throw reason;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The launcher, or what the launcher runs in the end where its part is not wanted. */
  async #startCommand(): Promise<string[]> {
    const { preload, keepFlags } = this.#options, words = ["--config", this.config, "daemon", "start"];
    if (preload === undefined && !keepFlags) return ["sh", LAUNCHER, ...words];
    this.#flags ??= await permissionFlags(words);
    const run = ["run", "--quiet", "--no-prompt", ...this.#flags, ...preload ? [`--preload=${preload}`] : []];
    return [Deno.execPath(), ...run, `${ROOT}src/main.ts`, ...words];
  }

  async #readStderr(stream: ReadableStream<Uint8Array>, ready: PromiseWithResolvers<void>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#stderr += text;
      if (this.#stderr.includes("serving gRPC")) ready.resolve();
    }
    ready.reject(new Error(`the daemon ended: ${this.#stderr}`));
  }

  async #writeConfig({ sections = {}, tls = true, library = LIBRARY }: TestVaultOptions): Promise<void> {
    const all: Record<string, string> = {
      server: `server: {grpc: {host: 127.0.0.1, port: ${this.port}, tls: {cert: certs/server.pem, ` +
        `key: certs/server.key, disable: ${!tls}}}}`,
      keys: `keys: {path: vault-keys, embedding_dim: 1024, index_name: team-index, library: ${library}}`,
      tokens: "tokens: {team_secret: test-team-secret-32-bytes-please, roles_file: configs/roles.yml, " +
        "tokens_file: configs/tokens.yml}",
      audit: "audit: {mode: file, path: logs/audit.log}",
      ...sections,
    };
    await Deno.writeTextFile(this.config, `${Object.values(all).join("\n")}\n`, { mode: 0o600 });
  }
}

/** The flags that the launcher gives Deno for a command line; the environment that it may set is not among them. */
export async function permissionFlags(args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    `${ROOT}src/launch/plan.ts`,
    ...args,
  ]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim().split("\n").filter((line) => line.startsWith("--"));
}

/** Runs a program to its end. */
export async function run(program: string, args: string[], stdin?: string): Promise<Output> {
  const command = new Deno.Command(program, {
    args,
    env: { DENO: Deno.execPath(), NO_COLOR: "1" },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A port of this machine that was free just now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function copyGoldenKeys(dir: string): Promise<void> {
  const folder = join(dir, "vault-keys/vault-key");
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of ["SecKey", "EncKey"]) {
    await Deno.copyFile(`${GOLDEN}vault-key/${name}.json`, join(folder, `${name}.json`));
  }
  // A bundle has three parts; the golden evaluation key is 5.7 MB and the daemon only passes it on.
  await Deno.writeTextFile(join(folder, "EvalKey.json"), `{"format":"evalkey","note":"test \u00e9"}`);
}
