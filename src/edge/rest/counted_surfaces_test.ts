import assert from "node:assert/strict";
import { NO_METRICS } from "#ports/metrics.ts";
import { countedSurfaces } from "./counted_surfaces.ts";
import { HttpBodyError, type HttpRequest } from "./surface.ts";

Deno.test("countedSurfaces() counts each answer by route and status, whatever the path", async () => {
  const answers: string[] = [];
  const metrics = {
    ...NO_METRICS,
    httpAnswered: (route: string, status: number) => void answers.push(`${route} ${status}`),
  };
  const failing = (path: string, reason: unknown) => ({
    owns: (other: string) => other === path,
    handle: () => Promise.reject(reason),
  });
  const surfaces = countedSurfaces({
    "/health": { owns: (path) => path === "/health", handle: () => Promise.resolve({ status: 503 }) },
    "/slow": failing("/slow", new HttpBodyError(408, "too slow")),
    "/broken": failing("/broken", new Error("broken")),
  }, metrics);
  const ask = (path: string) => surfaces.find(({ owns }) => owns(path))!.handle({ path } as HttpRequest);
  assert.equal((await ask("/health")).status, 503);
  await assert.rejects(ask("/slow"), HttpBodyError);
  await assert.rejects(ask("/broken"), { message: "broken" });
  assert.equal((await ask("/../evt_guess")).status, 404);
  assert.deepEqual(answers, ["/health 503", "/slow 408", "/broken 500", "other 404"]);
});
