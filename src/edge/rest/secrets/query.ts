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
  return numberOf(query, "version", Number.MAX_SAFE_INTEGER);
}

/** `?project=`, `?prefix=`, `?after=` and `?limit=`; an empty one counts as absent. @throws {FieldErrors} */
export function listQueryOf(query: URLSearchParams): ListQuery {
  return {
    project: projectOf(query),
    prefix: textOf(query, "prefix"),
    after: textOf(query, "after"),
    limit: numberOf(query, "limit", MAX_LIST) ?? MAX_LIST,
  };
}

/** The version in `If-Match`: `"3"`, or 3 without its quotes; `*` is any. @throws {FieldErrors} */
export function ifMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  // An empty one is no version: to take it for none would make a guarded change an unguarded one.
  return positive(header.trim().replace(/^"(.*)"$/, "$1"), ["header", "if-match"], Number.MAX_SAFE_INTEGER);
}

function numberOf(query: URLSearchParams, name: string, maximum: number): number | undefined {
  const text = onlyOne(query, name);
  return text === "" ? undefined : positive(text, ["query", name], maximum);
}

/** Of two, each reader of the request could take another. */
function onlyOne(query: URLSearchParams, name: string): string {
  const [text = "", ...others] = query.getAll(name);
  if (others.length === 0) return text;
  throw new FieldErrors([{ type: "value_error", loc: ["query", name], msg: "Value error, given more than once" }]);
}

function positive(text: string, loc: Problem["loc"], maximum: number): number {
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
  const text = onlyOne(query, name);
  if (text.length > MAX_TEXT) {
    const msg = `String should have at most ${MAX_TEXT} characters`;
    throw new FieldErrors([{ type: "string_too_long", loc: ["query", name], msg }]);
  }
  return text === "" ? undefined : text;
}
