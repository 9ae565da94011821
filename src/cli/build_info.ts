/** Written by the release build; empty in a source tree. */
const BUILD = { version: "", commit: "", date: "" };

export interface BuildInfo {
  /** `vX.Y.Z`. */
  readonly version: string;
  readonly commit: string;
  readonly date: string;
}

/** The build's values, or `dev`, `none` and `unknown`. */
export function buildInfo(values: BuildInfo = BUILD): BuildInfo {
  return { version: values.version || "dev", commit: values.commit || "none", date: values.date || "unknown" };
}
