import type { Config } from "#config/config.ts";
import type { AdminClient } from "#edge/admin/admin_client.ts";
import type { SecretsClient } from "#edge/admin/secrets_client.ts";
import type { Io } from "./io.ts";
import type { Values } from "./values.ts";

/** What a command gets to work with. Config and client are loaded on first use: `version` and usage errors need neither. */
export class Context {
  constructor(readonly values: Values, readonly io: Io) {}

  /** The configuration, without its secrets, which no command but `daemon start` needs. */
  async config(): Promise<Config> {
    const { loadConfig } = await import("#config/mod.ts");
    return (await loadConfig({ path: this.values.text("--config"), secrets: false })).config;
  }

  /** The same, with the socket of `--admin-socket`. */
  async withSocket(): Promise<Config> {
    const config = await this.config(), socket = this.values.text("--admin-socket");
    if (socket === undefined) return config;
    return { ...config, server: { ...config.server, admin: { socket } } };
  }

  /** A client for `--admin-socket`, which makes the config unnecessary, or for the config's socket. */
  async admin(): Promise<AdminClient> {
    const { AdminClient } = await import("#edge/admin/admin_client.ts");
    return new AdminClient(this.values.text("--admin-socket") ?? (await this.config()).server.admin.socket);
  }

  /** The same for what the secrets engine does. */
  async secrets(): Promise<SecretsClient> {
    const { SecretsClient } = await import("#edge/admin/secrets_client.ts");
    return new SecretsClient((await this.admin()).socketPath);
  }

  printLine(line: string): void {
    this.io.stdout(`${line}\n`);
  }

  printJson(value: unknown): void {
    this.printLine(JSON.stringify(value));
  }
}
