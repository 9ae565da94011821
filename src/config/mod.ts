export { type AuditMode, parseAuditMode } from "./audit_mode.ts";
export type { Config, LogLevel } from "./config.ts";
export { ConfigError } from "./config_error.ts";
export { addressText, isListenHost, listenHost, probeHost } from "./grpc_address.ts";
export { DEFAULT_PATHS, loadConfig, type LoadedConfig, type LoadOptions } from "./load_config.ts";
export { redact, redactRaw } from "./redact.ts";
export { installDirOf, resolveConfig } from "./resolve_config.ts";
export type { RawConfig, SettingName } from "./settings.ts";
export { validateForStart } from "./validate.ts";
