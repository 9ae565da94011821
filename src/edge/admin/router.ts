import { HttpError, type Reply } from "./reply.ts";
import { nameIn, segmentsOf } from "./request_target.ts";

/** Stands in a route's path for one segment that holds a name. */
export const NAME = Symbol("name");

/** Stands at the end of a route's path for any number of segments. */
export const ANYTHING = Symbol("anything");

export interface Call {
  /** The decoded name in the path; empty when the route has none. */
  readonly name: string;
  /** Reads the request's body; `{}` when there is none. */
  readonly json: () => Promise<unknown>;
  /** The same as bytes, for the caller to wipe, and of another greatest size; none when there is none. */
  readonly bytes: (maxBytes?: number) => Promise<Uint8Array>;
}

export interface Route {
  readonly method: string;
  readonly path: readonly (string | typeof NAME | typeof ANYTHING)[];
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/**
 * Runs the one route that method and target match.
 *
 * @param target As received: not decoded, with its query.
 * @throws {HttpError} 404 when there is no such route; then no byte of the body has been read.
 */
export async function dispatch(
  routes: readonly Route[],
  { method, target, ...body }: { method: string; target: string } & Pick<Call, "json" | "bytes">,
): Promise<Reply> {
  const segments = segmentsOf(target);
  const route = segments && routes.find((route) => route.method === method && matches(route.path, segments));
  if (!route) throw new HttpError(404, `No route for ${method} ${target}`);
  const at = route.path.indexOf(NAME);
  return await route.handle({ name: at < 0 ? "" : nameIn(segments[at]), ...body });
}

function matches(path: Route["path"], segments: readonly string[]): boolean {
  if (path.at(-1) === ANYTHING) return matches(path.slice(0, -1), segments.slice(0, path.length - 1));
  return path.length === segments.length && path.every((part, i) => part === NAME || part === segments[i]);
}
