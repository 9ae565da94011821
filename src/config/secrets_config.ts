/** The section `secrets` (decisions.md section 3, contract secrets.md A.21). Every path is absolute. */
export interface SecretsConfig {
  /** The SQLite file; the daemon keeps reading and writing its directory, where the write-ahead log lies too. */
  readonly database: string;
  readonly policiesFile: string;
  /** Of new values; old ones are read whatever their cipher. */
  readonly cipher: "xchacha20-poly1305" | "aes-256-gcm";
  /** Versions of a secret that stay readable, from 1. */
  readonly keepVersions: number;
  /** Addresses and CIDR blocks, not yet checked, that may read; empty: none may. */
  readonly allowedIps: readonly string[];
  /** Addresses and CIDR blocks, not yet checked, of the proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  readonly rotationPollSeconds: number;
  readonly lockout: {
    /** 0: no lockout. */
    readonly maxFailures: number;
    readonly windowSeconds: number;
    readonly lockoutSeconds: number;
  };
  readonly kms: KmsConfig;
  readonly rewrap: {
    readonly enable: boolean;
    readonly pollSeconds: number;
    /** 0: no pause. */
    readonly maxPerSecond: number;
  };
}

/** The key-encryption keys. */
export interface KmsConfig {
  readonly mode: "local" | "aws";
  /** Of the key that wraps new data keys: at AWS its id or ARN, not an alias; local: a name of one's own. */
  readonly keyId: string;
  /** Local: base64 of 32 bytes, with or without `base64:`, not yet checked. Empty with `loadConfig({ secrets: false })`. */
  readonly masterKey: string;
  /** Local keys that only unwrap, by id, in the same form; empty with `loadConfig({ secrets: false })`. */
  readonly previousKeys: Readonly<Record<string, string>>;
  readonly region: string;
  /** URL of another service that speaks KMS; empty: AWS's own of the region. */
  readonly endpoint: string;
  /** Where AWS credentials come from: each place needs permissions of its own, so one is named. */
  readonly credentials: "environment" | "file" | "container" | "instance";
  /** With `credentials` file: one in the form of AWS's own tools; else empty. */
  readonly credentialsFile: string;
  /** Section of that file. */
  readonly profile: string;
  /** With AWS, as the two after it. */
  readonly maxRetries: number;
  /** How long a data key stays in memory; 0: not at all. */
  readonly cacheSeconds: number;
  readonly cacheEntries: number;
}

/** Where the configured KMS listens; undefined in local mode, or while `endpoint` and `region` tell no address. */
export function kmsAddress({ mode, endpoint, region }: KmsConfig): { host: string; port: number } | undefined {
  if (mode !== "aws" || endpoint === "" && !isRegion(region)) return undefined;
  if (endpoint === "") {
    return { host: `kms.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`, port: 443 };
  }
  if (!URL.canParse(endpoint)) return undefined;
  const { protocol, hostname, port } = new URL(endpoint);
  // A comma would end the permission's value, and what follows would be another host.
  if (!/^https?:$/.test(protocol) || !/^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)$/.test(hostname)) return undefined;
  return { host: hostname, port: port === "" ? protocol === "https:" ? 443 : 80 : Number(port) };
}

/** e.g. `eu-central-1`; it becomes part of a host's name. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9]+(-[a-z0-9]+)+$/.test(text) && text.length <= 63;
}
