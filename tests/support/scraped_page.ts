import type { TestVault } from "./test_vault.ts";

/** One reading of a vault's /metrics. */
export class ScrapedPage {
  readonly #values: ReadonlyMap<string, number>;

  private constructor(readonly text: string) {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    this.#values = new Map(lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1).replace("+Inf", "Infinity"))];
    }));
  }

  /** @throws {Error} when the vault refuses. */
  static async of(vault: TestVault): Promise<ScrapedPage> {
    const { status, text } = await ScrapedPage.fetch(vault, "/metrics");
    if (status !== 200) throw new Error(`/metrics: ${status} ${text}`);
    return new ScrapedPage(text);
  }

  /** A GET over TLS and HTTP/1.1. */
  static async fetch(
    vault: TestVault,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> {
    using client = Deno.createHttpClient({ caCerts: [vault.ca], http2: false });
    const response = await fetch(`https://localhost:${vault.port}${path}`, { client, headers });
    return { status: response.status, text: await response.text() };
  }

  /** Series with their labels as they are written. */
  get series(): string[] {
    return [...this.#values.keys()];
  }

  value(series: string): number | undefined {
    return this.#values.get(series);
  }
}
