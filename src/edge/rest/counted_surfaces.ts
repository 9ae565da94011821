import type { Metrics } from "#ports/metrics.ts";
import { errorReply } from "./replies.ts";
import { HttpBodyError, type HttpReply, type HttpRequest, type HttpSurface } from "./surface.ts";

/**
 * Surfaces whose answers are counted.
 *
 * @param routes The surfaces in the order in which they are asked, by the route that the metrics show for them.
 * @returns The same, and a last one that answers 404 to all else, counted as `other`.
 */
export function countedSurfaces(routes: Readonly<Record<string, HttpSurface>>, metrics: Metrics): HttpSurface[] {
  const rest: HttpSurface = { owns: () => true, handle: () => Promise.resolve(errorReply(404, "not found")) };
  const all: Readonly<Record<string, HttpSurface>> = { ...routes, other: rest };
  return Object.entries(all).map(([route, surface]) => ({
    owns: (path) => surface.owns(path),
    handle: (request) => counted(surface, request, (status, own) => metrics.httpAnswered(own ?? route, status)),
  }));
}

async function counted(
  surface: HttpSurface,
  request: HttpRequest,
  count: (status: number, route?: string) => void,
): Promise<HttpReply> {
  try {
    const reply = await surface.handle(request);
    count(reply.status, reply.route);
    return reply;
  } catch (reason) {
    count(reason instanceof HttpBodyError ? reason.status : 500);
    throw reason;
  }
}
