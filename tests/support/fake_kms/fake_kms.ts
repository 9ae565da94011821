import { fileURLToPath } from "node:url";
import type { Control, Fault, LoggedCall } from "./protocol.ts";
import type { AccessKey } from "./sigv4.ts";

interface Greeting {
  readonly port: number;
  readonly controlPort: number;
  readonly region: string;
  readonly accessKey: AccessKey;
  /** Of the role that the metadata services give. */
  readonly roleKey: AccessKey;
}

/** The fake key-management service in a process of its own. */
export class FakeKms implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #greeting: Greeting;

  private constructor(process: Deno.ChildProcess, greeting: Greeting) {
    this.#process = process;
    this.#greeting = greeting;
  }

  static async start(): Promise<FakeKms> {
    const main = fileURLToPath(new URL("./main.ts", import.meta.url));
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", main],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    let text = "";
    for await (const piece of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes("\n")) return new FakeKms(process, JSON.parse(text));
    }
    throw new Error("the fake KMS did not start");
  }

  get address(): string {
    return `127.0.0.1:${this.#greeting.port}`;
  }

  get endpoint(): string {
    return `http://${this.address}`;
  }

  /** Of the metadata services. */
  get metadataAddress(): string {
    return `127.0.0.1:${this.#greeting.controlPort}`;
  }

  get region(): string {
    return this.#greeting.region;
  }

  get accessKey(): AccessKey {
    return this.#greeting.accessKey;
  }

  get roleKey(): AccessKey {
    return this.#greeting.roleKey;
  }

  async createKey(): Promise<{ keyId: string; arn: string }> {
    return JSON.parse(await this.#tell({ command: "createKey" }));
  }

  /** @param at Unix seconds. */
  async rotate(keyId: string, at: number): Promise<void> {
    await this.#tell({ command: "rotate", keyId, at });
  }

  async setState(keyId: string, state: "Enabled" | "Disabled" | "Forgotten"): Promise<void> {
    await this.#tell({ command: "setState", keyId, state });
  }

  async fault(fault: Fault): Promise<void> {
    await this.#tell({ command: "fault", fault });
  }

  async configure(changes: Omit<Extract<Control, { command: "configure" }>, "command">): Promise<void> {
    await this.#tell({ command: "configure", ...changes });
  }

  /** The calls since the last look, in order. */
  async takeLog(): Promise<{ calls: LoggedCall[]; metadataCalls: number }> {
    return JSON.parse(await this.#tell({ command: "takeLog" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    await this.#process.status;
  }

  async #tell(control: Control): Promise<string> {
    const body = JSON.stringify(control);
    const answer = await fetch(`http://${this.metadataAddress}/control`, { method: "POST", body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the fake KMS answered ${answer.status}`);
    return text;
  }
}
