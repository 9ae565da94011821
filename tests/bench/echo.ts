import { ROOT } from "../support/paths.ts";

/** The event loop's longest holds, as loop_probe.ts prints them from inside a server. */
export class LoopProbe {
  readonly port = Promise.withResolvers<number>();
  #longest = 0;

  constructor(stdout: ReadableStream<Uint8Array>) {
    this.#read(stdout);
  }

  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
      for (const line of text.trim().split("\n")) {
        if (line.startsWith("port ")) this.port.resolve(Number(line.slice(5)));
        else this.#longest = Math.max(this.#longest, Number(line));
      }
    }
  }
}

export interface Echo {
  readonly port: number;
  readonly probe: LoopProbe;
  readonly process: Deno.ChildProcess;
}

/** With the certificate in that directory. */
export async function startEcho(certs: string, listener: "grpc-js" | "one-port" = "grpc-js"): Promise<Echo> {
  const args = ["run", "-A", `${ROOT}tests/bench/echo_server.ts`, certs, listener];
  const process = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" }).spawn();
  const probe = new LoopProbe(process.stdout);
  return { port: await probe.port.promise, probe, process };
}
