import assert from "node:assert/strict";
import { isoMicroseconds, zuluSeconds, zuluTime } from "./times.ts";

const TIME = Date.UTC(2026, 5, 13, 12, 0, 0, 123);

Deno.test("zuluTime() writes whole seconds and Z", () => assert.equal(zuluTime(TIME), "2026-06-13T12:00:00Z"));

Deno.test("zuluSeconds() takes seconds, up to the last that RFC 3339 has", () => {
  assert.equal(zuluSeconds(TIME / 1000 | 0), "2026-06-13T12:00:00Z");
  assert.equal(zuluSeconds(253_402_300_799), "9999-12-31T23:59:59Z");
});

Deno.test("isoMicroseconds() writes microseconds and no zone", () => {
  assert.equal(isoMicroseconds(TIME), "2026-06-13T12:00:00.123000");
  assert.equal(isoMicroseconds(Date.UTC(2026, 5, 13)), "2026-06-13T00:00:00.000000");
});
