/**
 * The vault's configuration: runevault.conf, validated, resolved and read-only.
 * Keys, defaults and texts: contract runevault.md section 5, decisions.md section 1.
 *
 * @module
 */

import type { SecretsConfig } from "./secrets_config.ts";

/** Every path is absolute; a relative one in the file was resolved against `installDir`. */
export interface Config {
  /** Absolute path of the file that was read. */
  readonly source: string;
  /** Parent of `configs/` when the file lies in a directory of that name, else the file's own directory. */
  readonly installDir: string;
  readonly daemon: { readonly pidFile: string };
  readonly server: {
    readonly grpc: {
      readonly host: string;
      /** TCP port, 1 to 65535. */
      readonly port: number;
      readonly tls: { readonly cert: string; readonly key: string; readonly disable: boolean };
    };
    /** HTTP/1.1 on the gRPC port. */
    readonly http: {
      readonly enable: boolean;
      /** Metrics name users; otherwise none does. */
      readonly userLabel: boolean;
      /** CIDR blocks that may read the metrics without a token. */
      readonly metricsAllow: readonly string[];
    };
    readonly admin: { readonly socket: string };
  };
  readonly keys: {
    readonly path: string;
    /** Empty: no team index. */
    readonly indexName: string;
    /** Dimension of the embeddings, 32 to 4096. */
    readonly embeddingDim: number;
    /** The envector shared library. */
    readonly library: string;
  };
  /** Empty strings: offline. */
  readonly envector: { readonly endpoint: string; readonly apiKey: string };
  readonly tokens: {
    /** Empty: metadata and agent keys are refused. */
    readonly teamSecret: string;
    readonly rolesFile: string;
    readonly tokensFile: string;
  };
  readonly audit: {
    readonly file: boolean;
    readonly stdout: boolean;
    readonly path: string;
    /** Refuse calls while a sink cannot be written. */
    readonly failClosed: boolean;
    /** Rotated files kept. */
    readonly retention: number;
  };
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" };
  /** The secrets engine; absent: off. */
  readonly secrets?: SecretsConfig;
  /** OTLP/HTTP collector, `http://…` or `https://…`; empty: no tracing. */
  readonly tracing: { readonly endpoint: string };
  /** The files that `*_file` keys name: read at start, never again. */
  readonly secretFiles: readonly string[];
  /** What an operator should mend but start can live with, e.g. a secret file with a loose mode. */
  readonly warnings: readonly string[];
}

export type LogLevel = "debug" | "info" | "warn" | "error";
