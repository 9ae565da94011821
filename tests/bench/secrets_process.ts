import { join } from "node:path";
import { testCertificates } from "../support/certificates.ts";
import { ROOT } from "../support/paths.ts";
import type { Target } from "./https_connection.ts";
import { fill } from "./many_secrets.ts";

const READY = /port (\d+)\nopened (\S+)\ntoken (\S+)\n/;

/** A process of secrets_server.ts over a store of its own, until it is disposed of. */
export class SecretsProcess implements AsyncDisposable {
  private constructor(
    readonly target: Target,
    /** From before the store is opened until calls are taken. */
    readonly openMs: number,
    readonly process: Deno.ChildProcess,
    readonly directory: string,
  ) {}

  /** @param secrets How many are there from the start; names as nameOf() gives them. */
  static async start(secrets = 0): Promise<SecretsProcess> {
    const directory = await Deno.makeTempDir({ prefix: "rv-bench-" });
    try {
      await Deno.mkdir(join(directory, "store"), { mode: 0o700 });
      if (secrets > 0) await fill(join(directory, "store/secrets.db"), secrets);
      return await SecretsProcess.#startIn(directory);
    } catch (reason) {
      await Deno.remove(directory, { recursive: true });
      throw reason;
    }
  }

  static async #startIn(directory: string): Promise<SecretsProcess> {
    const { ca, cert, key } = await testCertificates();
    await Deno.writeTextFile(join(directory, "server.pem"), cert);
    await Deno.writeTextFile(join(directory, "server.key"), key);
    const args = ["run", "-A", "--quiet", `${ROOT}tests/bench/secrets_server.ts`, directory, directory];
    const process = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" }).spawn();
    let text = "";
    for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      const [, port, openMs, token] = READY.exec(text) ?? [];
      if (token) return new SecretsProcess({ port: Number(port), token, ca }, Number(openMs), process, directory);
    }
    throw new Error("the bench server did not start");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGTERM");
    await this.process.status;
    await Deno.remove(this.directory, { recursive: true });
  }
}
