import assert from "node:assert/strict";
import { buildInfo } from "./build_info.ts";

Deno.test("buildInfo() passes on what the release build wrote", () => {
  const values = { version: "v1.2.3", commit: "abc", date: "2026-11-22" };
  assert.deepEqual(buildInfo(values), values);
});

Deno.test("buildInfo() is dev, none and unknown in a source tree", () => {
  const unset = { version: "", commit: "", date: "" };
  assert.deepEqual(buildInfo(unset), { version: "dev", commit: "none", date: "unknown" });
});
