/** A configuration that cannot be used. `message` is what the operator reads: it names keys and files, never a secret's value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
