import type { ListSecrets, SecretEngine } from "#domain/secrets/mod.ts";
import { MAX_PAGE } from "#domain/secrets/mod.ts";
import type { Resource } from "#domain/policies/mod.ts";
import type { Log } from "#ports/log.ts";
import type { SecretRecord } from "#ports/secret_store.ts";
import type { HttpRequest } from "../surface.ts";
import type { ListQuery } from "./query.ts";

/** Of the descriptions in one answer, in characters: 10,000 of the longest would be more than a string can hold. */
const MAX_TEXT = 8 * 1024 * 1024;
/** Records read at a time before it is known how long they are. */
const FIRST_PAGE = 100;

export interface Listing {
  readonly secrets: readonly SecretRecord[];
  /** Says where the list goes on, and that records could not be read. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads pages until there are as many secrets as asked for, no more, or as much text as one answer holds. */
export async function listAll(
  { engine, log }: { engine: SecretEngine; log: Log },
  request: HttpRequest,
  query: ListQuery & { visible: (resource: Resource) => boolean },
): Promise<Listing> {
  const secrets: SecretRecord[] = [];
  let damaged = 0, after = query.after, text = 0;
  do {
    const left = query.limit - secrets.length - damaged;
    const page = await engine.list(pageQuery(query, after, Math.min(left, pageSize(secrets.length, text))));
    for (const { name, damage } of page.damaged) log("error", `secrets: list: '${name}': ${damage.message}`);
    secrets.push(...page.secrets);
    damaged += page.damaged.length;
    text += page.secrets.reduce((sum, { description }) => sum + (description?.length ?? 0), 0);
    after = page.next;
  } while (after !== undefined && secrets.length + damaged < query.limit && text < MAX_TEXT);
  return {
    secrets,
    headers: { ...linkTo(request, after), ...damaged > 0 && { "x-damaged-records": String(damaged) } },
  };
}

/** As many as are likely to have no more text than one answer holds. */
function pageSize(count: number, text: number): number {
  if (count === 0) return FIRST_PAGE;
  return Math.max(1, Math.min(MAX_PAGE, Math.floor(MAX_TEXT / (1 + text / count))));
}

function pageQuery(
  { project, prefix, visible }: Pick<ListQuery, "project" | "prefix"> & { visible: (resource: Resource) => boolean },
  after: string | undefined,
  limit: number,
): ListSecrets {
  return {
    project,
    prefix,
    after,
    limit,
    visible: (resource) => {
      const [, project, path] = resource.split(":"); // neither part of a name can hold a colon
      return visible({ project, path });
    },
  };
}

/** RFC 8288. */
function linkTo({ path, query }: HttpRequest, after: string | undefined): Record<string, string> {
  if (after === undefined) return {};
  const next = new URLSearchParams(query);
  next.set("after", after);
  return { link: `<${path}?${next}>; rel="next"` };
}
