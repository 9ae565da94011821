import assert from "node:assert/strict";
import { parseRateLimit, parseStoredRateLimit } from "./rate_limit.ts";

const REFUSED = { code: "INVALID_ARGUMENT" };

for (
  const { text, strict, stored } of [
    { text: "30/60s", strict: [30, 60], stored: [30, 60] },
    { text: "0/60s", strict: [0, 60], stored: [0, 60] },
    { text: "5/0s", strict: [5, 0], stored: [5, 0] },
    { text: "030/060s", strict: [30, 60], stored: [30, 60] },
    { text: "30/60", stored: [30, 60] },
    { text: "30s/60s", stored: [30, 60] },
    { text: " 30 / 60s ", stored: [30, 60] },
    { text: "-1/60s", stored: [-1, 60] },
    { text: `${"9".repeat(400)}/60s`, strict: [2 ** 53 - 1, 60], stored: [2 ** 53 - 1, 60] },
    { text: "30/60s\n", stored: [30, 60] },
    { text: "30/60m" },
    { text: "30" },
    { text: "" },
    { text: "30/60/90s" },
    { text: "3.5/60s" },
    { text: "1e3/60s" },
    { text: "٣٠/٦٠s" },
    { text: "NaN/60s" },
  ] as { text: string; strict?: number[]; stored?: number[] }[]
) {
  const name = JSON.stringify(text.slice(0, 20));

  Deno.test(`parseRateLimit() ${strict ? "accepts" : "refuses"} ${name}`, () => {
    if (!strict) return assert.throws(() => parseRateLimit(text), REFUSED);
    assert.deepEqual(parseRateLimit(text), { maxCalls: strict[0], windowSeconds: strict[1] });
  });

  Deno.test(`parseStoredRateLimit() ${stored ? "accepts" : "refuses"} ${name}`, () => {
    if (!stored) return assert.throws(() => parseStoredRateLimit(text), REFUSED);
    assert.deepEqual(parseStoredRateLimit(text), { maxCalls: stored[0], windowSeconds: stored[1] });
  });
}

Deno.test("parseRateLimit() says which form it expects", () => {
  assert.throws(() => parseRateLimit("fast"), {
    message: "Invalid rate_limit format 'fast'. Expected '<max>/<window>s' (e.g. '30/60s')",
  });
});
