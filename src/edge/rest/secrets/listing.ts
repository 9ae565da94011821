import type { ListSecrets, SecretEngine } from "#domain/secrets/mod.ts";
import { MAX_PAGE } from "#domain/secrets/mod.ts";
import type { Resource } from "#domain/policies/mod.ts";
import type { Log } from "#ports/log.ts";
import type { SecretRecord } from "#ports/secret_store.ts";
import type { HttpRequest } from "../surface.ts";
import type { ListQuery } from "./query.ts";

export interface Listing {
  readonly secrets: readonly SecretRecord[];
  /** Says where the list goes on, and that records could not be read. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads pages until there are as many secrets as asked for, or no more. */
export async function listAll(
  { engine, log }: { engine: SecretEngine; log: Log },
  request: HttpRequest,
  query: ListQuery & { visible: (resource: Resource) => boolean },
): Promise<Listing> {
  const secrets: SecretRecord[] = [];
  let damaged = 0, after = query.after;
  do {
    const page = await engine.list(pageQuery(query, after, query.limit - secrets.length - damaged));
    for (const { name, damage } of page.damaged) log("error", `secrets: list: '${name}': ${damage.message}`);
    secrets.push(...page.secrets);
    damaged += page.damaged.length;
    after = page.next;
  } while (after !== undefined && secrets.length + damaged < query.limit);
  return {
    secrets,
    headers: { ...linkTo(request, after), ...damaged > 0 && { "x-damaged-records": String(damaged) } },
  };
}

function pageQuery(
  { project, prefix, visible }: Pick<ListQuery, "project" | "prefix"> & { visible: (resource: Resource) => boolean },
  after: string | undefined,
  left: number,
): ListSecrets {
  return {
    project,
    prefix,
    after,
    limit: Math.min(left, MAX_PAGE),
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
