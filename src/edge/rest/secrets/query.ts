import { checkProjectName } from "#domain/secrets/mod.ts";
import { messageOf } from "#errors/mod.ts";
import { FieldErrors, type Problem } from "./fields.ts";

/** Most entries of a list in one answer; a list that is longer says where it goes on. */
export const MAX_LIST = 10_000;
const MAX_TEXT = 1024;

export interface ListQuery {
  readonly project?: string;
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
}

/** A kept version's number in `?version=`. @throws {FieldErrors} */
export function versionOf(query: URLSearchParams): number | undefined {
  return positive(query.get("version"), ["query", "version"], Number.MAX_SAFE_INTEGER);
}

/** `?project=`, `?prefix=`, `?after=` and `?limit=`; an empty one counts as absent. @throws {FieldErrors} */
export function listQueryOf(query: URLSearchParams): ListQuery {
  return {
    project: projectOf(query),
    prefix: textOf(query, "prefix"),
    after: textOf(query, "after"),
    limit: positive(query.get("limit"), ["query", "limit"], MAX_LIST) ?? MAX_LIST,
  };
}

/** The version in `If-Match`: `"3"`, or 3 without its quotes; `*` is any. @throws {FieldErrors} */
export function ifMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  return positive(header.trim().replace(/^"(.*)"$/, "$1"), ["header", "if-match"], Number.MAX_SAFE_INTEGER);
}

function positive(text: string | null, loc: Problem["loc"], maximum: number): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^[0-9]{1,16}$/.test(text)) {
    const msg = "Input should be a valid integer, unable to parse string as an integer";
    throw new FieldErrors([{ type: "int_parsing", loc, msg }]);
  }
  const value = Number(text);
  if (value < 1) {
    throw new FieldErrors([{ type: "greater_than_equal", loc, msg: "Input should be greater than or equal to 1" }]);
  }
  if (value > maximum) {
    throw new FieldErrors([{ type: "less_than_equal", loc, msg: `Input should be less than or equal to ${maximum}` }]);
  }
  return value;
}

/** Checked here, since refusals and the audit log name the project. */
function projectOf(query: URLSearchParams): string | undefined {
  const project = textOf(query, "project");
  try {
    if (project !== undefined) checkProjectName(project);
    return project;
  } catch (reason) {
    const msg = `Value error, ${messageOf(reason)}`;
    throw new FieldErrors([{ type: "value_error", loc: ["query", "project"], msg }]);
  }
}

function textOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name) ?? "";
  if (text.length > MAX_TEXT) {
    const msg = `String should have at most ${MAX_TEXT} characters`;
    throw new FieldErrors([{ type: "string_too_long", loc: ["query", name], msg }]);
  }
  return text === "" ? undefined : text;
}
