import { join } from "node:path";
import { freePort } from "./test_vault.ts";
import { until } from "./until.ts";

const START_MS = 60_000;

/** Whether Debian's package is here. */
export const HAS_PROMETHEUS = ["prometheus", "promtool"].every(isInstalled);

export interface ScrapeOptions {
  /** `host:port` of the vault. */
  readonly target: string;
  /** PEM of the CA that signed the vault's certificate. */
  readonly ca: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string;
}

/** A value of a series, with its labels. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of our own on a free port of this machine, with a directory of its own; scrapes five times a second. */
export class Prometheus implements AsyncDisposable {
  private constructor(readonly dir: string, readonly port: number, readonly process: Deno.ChildProcess) {}

  static async start({ target, ca, token }: ScrapeOptions): Promise<Prometheus> {
    const dir = await Deno.makeTempDir({ prefix: "rv-prometheus-" }), port = freePort();
    await Deno.writeTextFile(join(dir, "ca.pem"), ca);
    await Deno.writeTextFile(join(dir, "token"), token, { mode: 0o600 });
    await Deno.writeTextFile(
      join(dir, "prometheus.yml"),
      `global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: runevault
    scheme: https
    tls_config: {ca_file: ca.pem}
    authorization: {credentials_file: token}
    static_configs: [{targets: ["${target}"]}]
`,
    );
    const args = [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`, "--log.level=error"];
    const command = new Deno.Command("prometheus", {
      args: [...args, `--web.listen-address=127.0.0.1:${port}`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    const prometheus = new Prometheus(dir, port, command.spawn());
    try {
      await until(() => prometheus.#isReady(), { failure: "Prometheus is not ready", withinMs: START_MS });
      return prometheus;
    } catch (reason) {
      await prometheus[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** What an instant query returns. @throws {Error} when Prometheus refuses the query. */
  async query(expression: string): Promise<Sample[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: expression })}`);
    const { status, error, data } = await response.json();
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data.result.map(({ metric, value }: { metric: Sample["metric"]; value: [number, string] }) => {
      return { metric, value: Number(value[1]) };
    });
  }

  /** The query's samples as soon as `accept` takes them; the last ones when it has not within a minute. */
  async eventually(expression: string, accept: (samples: Sample[]) => boolean): Promise<Sample[]> {
    let samples: Sample[] = [];
    await until(async () => accept(samples = await this.query(expression)), { withinMs: START_MS }).catch(() => {});
    return samples;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGTERM");
    } catch {
      // It is gone already.
    }
    await this.process.status;
    await Deno.remove(this.dir, { recursive: true });
  }

  get #url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async #isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.#url}/-/ready`);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
