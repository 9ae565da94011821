/** What a key may hold; a list names the only strings allowed. */
type Kind = "string" | "integer" | "boolean" | "strings" | "mapping" | readonly string[];

/** Every key of runevault.conf (contract runevault.md 5.2, decisions.md section 1) under its dotted name. */
export const SETTINGS = {
  "daemon.pid_file": "string",
  "server.grpc.host": "string",
  "server.grpc.port": "integer",
  "server.grpc.tls.cert": "string",
  "server.grpc.tls.key": "string",
  "server.grpc.tls.disable": "boolean",
  "server.http.enable": "boolean",
  "server.http.user_label": "boolean",
  "server.http.metrics_allow": "strings",
  "server.admin.socket": "string",
  "keys.path": "string",
  "keys.index_name": "string",
  "keys.embedding_dim": "integer",
  "keys.library": "string",
  "envector.endpoint": "string",
  "envector.api_key": "string",
  "envector.api_key_file": "string",
  "tokens.team_secret": "string",
  "tokens.team_secret_file": "string",
  "tokens.roles_file": "string",
  "tokens.tokens_file": "string",
  "audit.mode": "string",
  "audit.path": "string",
  "audit.fail_closed": "boolean",
  "audit.retention": "integer",
  "secrets.database": "string",
  "secrets.policies_file": "string",
  "secrets.cipher": ["xchacha20-poly1305", "aes-256-gcm"],
  "secrets.keep_versions": "integer",
  "secrets.allowed_ips": "strings",
  "secrets.trust_proxy": "strings",
  "secrets.rotation_poll_seconds": "integer",
  "secrets.lockout.max_failures": "integer",
  "secrets.lockout.window_seconds": "integer",
  "secrets.lockout.lockout_seconds": "integer",
  "secrets.kms.mode": ["local", "aws"],
  "secrets.kms.key_id": "string",
  "secrets.kms.master_key": "string",
  "secrets.kms.master_key_file": "string",
  "secrets.kms.previous_keys": "mapping",
  "secrets.kms.region": "string",
  "secrets.kms.endpoint": "string",
  "secrets.kms.credentials": ["environment", "file", "container", "instance"],
  "secrets.kms.credentials_file": "string",
  "secrets.kms.profile": "string",
  "secrets.kms.max_retries": "integer",
  "secrets.kms.cache_seconds": "integer",
  "secrets.kms.cache_entries": "integer",
  "secrets.rewrap.enable": "boolean",
  "secrets.rewrap.poll_seconds": "integer",
  "secrets.rewrap.max_per_second": "integer",
  "log.level": ["debug", "info", "warn", "error"],
  "log.format": ["text", "json"],
  "tracing.endpoint": "string",
} as const satisfies Record<string, Kind>;

export type SettingName = keyof typeof SETTINGS;

type ValueOf<K> = K extends "string" ? string
  : K extends "integer" ? number
  : K extends "boolean" ? boolean
  : K extends "strings" ? readonly string[]
  : K extends "mapping" ? Readonly<Record<string, string>>
  : K extends readonly (infer Choice)[] ? Choice
  : never;

/**
 * The file as written: a key that is absent there, or null, is absent here. `secrets` tells that the section is there,
 * even empty: it turns the engine on.
 */
export type RawConfig = { readonly [Name in SettingName]?: ValueOf<(typeof SETTINGS)[Name]> } & {
  readonly secrets?: true;
};

/** Sections whose presence alone means something. */
export const SWITCHING_SECTIONS: readonly string[] = ["secrets"] satisfies (keyof RawConfig)[];

const sections = new Set(
  Object.keys(SETTINGS).flatMap((name) => {
    const parts = name.split(".");
    return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("."));
  }),
);

export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** Whether the name is that of a mapping which holds settings, e.g. `server.grpc`. */
export function isSection(name: string): boolean {
  return sections.has(name);
}

/** `undefined` when the value fits the setting, else what was expected instead. */
export function expectedInstead(name: SettingName, value: unknown): string | undefined {
  const kind: Kind = SETTINGS[name];
  if (typeof kind === "object") {
    return kind.some((choice) => choice === value) ? undefined : `one of ${kind.join(", ")}`;
  }
  if (kind === "integer") return Number.isSafeInteger(value) ? undefined : "an integer";
  if (kind === "strings") return isStrings(value) ? undefined : "a list of strings";
  if (kind === "mapping") return isMapping(value) ? undefined : "a mapping of strings";
  if (kind === "boolean") return typeof value === "boolean" ? undefined : "true or false";
  return typeof value === "string" ? undefined : "a string";
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isStrings(Object.values(value));
}
