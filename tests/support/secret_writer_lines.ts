/** What tests/support/secret_writer.ts tells, and a process of it. @module */
import { ROOT } from "./paths.ts";

export const WRITER_CLIENTS = 6;
export const NAMES_PER_CLIENT = 3;

/** A name brought to a version; 0 is its deletion. */
export interface Move {
  readonly name: string;
  readonly version: number;
  /** Different each time. */
  readonly nonce: number;
}

export interface Line extends Move {
  readonly kind: "try" | "ok" | "failed";
  readonly client: number;
  readonly reason?: string;
}

/** A value that tells where it belongs. */
export function valueOf(name: string, version: number, nonce: number): string {
  return `${name}|${version}|${nonce}`;
}

/** A process that has loaded its modules and waits to be let go. */
export class SecretWriterProcess implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly stderr: Promise<string>;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<void>;

  constructor(path: string, seed: number) {
    const script = `${ROOT}tests/support/secret_writer.ts`;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--quiet", script, path, `${seed}`],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stderr = new Response(this.#child.stderr).text();
    this.#ended = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async start(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(Uint8Array.of(1));
    await writer.close();
  }

  /** Resolves when the process is gone and all that it told is read. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself; what it told says why.
    }
    await this.#ended;
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.stderr;
    await this.#child.stdin.close().catch(() => {});
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!; // a line that the kill has cut off was never told
      this.lines.push(...parts.map((line): Line => JSON.parse(line)));
    }
  }
}
