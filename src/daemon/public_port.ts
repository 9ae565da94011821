import { type Config, listenHost } from "#config/mod.ts";
import { GrpcServer } from "#edge/grpc/mod.ts";
import { OnePort } from "#edge/listener/mod.ts";
import { countedSurfaces, HealthSurface, HttpServer, type HttpSurface } from "#edge/rest/mod.ts";
import type { Vault } from "./compose.ts";
import type { Reloader } from "./reload.ts";
import { loadTlsFiles } from "./tls_files.ts";

export interface PublicPortOptions {
  /** Of the build. */
  readonly version: string;
  /** Of the HTTP side beside /health, by the routes that the metrics show for them. */
  readonly surfaces?: Readonly<Record<string, HttpSurface>>;
}

/** The port that the outside sees, with what is served there. */
export class PublicPort {
  private constructor(readonly grpc: GrpcServer, readonly http: HttpServer | undefined, readonly port: OnePort) {}

  /**
   * Listens and serves gRPC and, unless it is turned off, HTTP.
   *
   * @throws {VaultError} when the address cannot be had, or certificate and key are of no use.
   */
  static async open(
    config: Config,
    vault: Vault,
    { version, surfaces = {} }: PublicPortOptions,
  ): Promise<PublicPort> {
    const { server: { grpc: { host, port, tls }, http: { enable } } } = config, { log, clock } = vault;
    if (tls.disable) log("warn", "TLS DISABLED — gRPC traffic is unencrypted. Do not use in production.");
    const files = tls.disable ? undefined : await readTlsFiles(config, vault);
    const grpc = new GrpcServer(vault);
    const health = new HealthSurface({ version, ...healthOf(vault, grpc) });
    const http = enable
      ? new HttpServer({ surfaces: countedSurfaces({ "/health": health, ...surfaces }, vault.metrics), log })
      : undefined;
    try {
      const opened = new OnePort({ protocols: { http2: grpc, http1: http }, tls: files, clock, log });
      await opened.listen(listenHost(host), port);
      return new PublicPort(grpc, http, opened);
    } catch (reason) {
      await Promise.all([grpc.stop(), http?.stop()]);
      throw reason;
    }
  }

  /** Reads certificate and key again, checked as at the start; without TLS there is nothing to do. */
  reloader(config: Config, vault: Vault): Reloader {
    return {
      name: "certificate",
      reload: async () => {
        if (!config.server.grpc.tls.disable) this.port.useCertificate(await readTlsFiles(config, vault));
      },
    };
  }

  /** Accepts nothing new, lets what is in flight end for up to 5 s, then cuts. Stopping twice is harmless. */
  async stop(): Promise<void> {
    this.grpc.health.stop();
    this.port.stopAccepting();
    await Promise.all([this.grpc.stop(), this.http?.stop()]);
    this.port.close();
  }
}

function readTlsFiles({ server: { grpc: { tls } } }: Config, { log, clock }: Vault) {
  return loadTlsFiles(tls, clock.now(), (message) => log("warn", message));
}

function healthOf({ clock, secretKey }: Vault, { health }: GrpcServer) {
  const startedAt = clock.monotonic();
  return {
    isServing: () => health.isServing,
    keysLoaded: () => secretKey.isOpen,
    uptimeSeconds: () => (clock.monotonic() - startedAt) / 1000,
  };
}
