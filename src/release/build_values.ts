import { ROOT } from "./paths.ts";
import { output } from "./process.ts";

/** What a release says of itself; src/cli/build_info.ts turns what is empty into words. */
export interface BuildValues {
  /** `vX.Y.Z`, or empty for a build between releases. */
  readonly version: string;
  /** 12 hex digits, with `-dirty` when the tree differs from it; empty without git. */
  readonly commit: string;
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string;
}

const VERSION = /^v\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/;

/**
 * @param version From the command line; by default the git tag `v*` of this very commit.
 * @throws {Error} for a version of another form.
 */
export function buildValues(version?: string): BuildValues {
  if (version !== undefined && !VERSION.test(version)) throw new Error(`--version ${version} is not like v1.2.3`);
  const tag = git("describe", "--tags", "--exact-match", "--match", "v[0-9]*");
  const isDirty = git("status", "--porcelain") !== "";
  const commit = git("rev-parse", "--short=12", "HEAD");
  return {
    version: version ?? (isDirty || !VERSION.test(tag) ? "" : tag),
    commit: commit && isDirty ? `${commit}-dirty` : commit,
    date: buildDate(Deno.env.get("SOURCE_DATE_EPOCH")),
  };
}

/** The day in SOURCE_DATE_EPOCH, which makes a build repeatable (https://reproducible-builds.org/), else today. */
export function buildDate(epoch: string | undefined): string {
  const date = /^\d{1,11}$/.test(epoch ?? "") ? new Date(Number(epoch) * 1000) : new Date();
  return date.toISOString().slice(0, 10);
}

/** Empty when git is missing, this is no checkout, or the answer is no. */
function git(...args: string[]): string {
  try {
    return output("git", args, { cwd: ROOT }).trim();
  } catch {
    return "";
  }
}
