import assert from "node:assert/strict";
import { parseExpiryDays, parseSince, parseTimeout } from "./durations.ts";

for (const [text, days] of Object.entries({ "90d": 90, "12w": 84, "6m": 180, "0d": 0, "007d": 7 })) {
  Deno.test(`parseExpiryDays("${text}") is ${days} days`, () => assert.equal(parseExpiryDays(text), days));
}

for (const text of ["", "90", "d", "-1d", "+1d", "1.5d", "90D", "90 d", " 90d", "90d\n", "1y", "9".repeat(20) + "d"]) {
  Deno.test(`parseExpiryDays(${JSON.stringify(text)}) is refused`, () => {
    const message = `Invalid duration '${text}'. Use <number><d|w|m> (e.g. 90d, 12w, 6m)`;
    assert.throws(() => parseExpiryDays(text), { message });
  });
}

for (
  const [text, milliseconds] of Object.entries({
    "10s": 10_000,
    "1m": 60_000,
    "500ms": 500,
    "1m30s": 90_000,
    "1.5s": 1500,
    "1h": 3_600_000,
    "0s": 0,
  })
) {
  Deno.test(`parseTimeout("${text}") is ${milliseconds} ms`, () => {
    assert.deepEqual(parseTimeout(text), { milliseconds, text });
  });
}

Deno.test("parseTimeout() is 10 seconds when none is given", () => {
  assert.deepEqual(parseTimeout(undefined), { milliseconds: 10_000, text: "10s" });
});

for (const text of ["", "10", "s", "-1s", "10 s", "1d", "1s2", "1..5s", "10S"]) {
  Deno.test(`parseTimeout(${JSON.stringify(text)}) is refused`, () => {
    const message = `invalid --timeout "${text}": expected a duration such as 500ms, 10s or 1m30s`;
    assert.throws(() => parseTimeout(text), { message });
  });
}

const NOW = Date.parse("2026-11-22T12:00:00Z");
for (
  const [text, want] of Object.entries({
    "2026-11-20": "2026-11-20T00:00:00.000Z",
    "2026-11-20T10:30": "2026-11-20T10:30:00.000Z",
    "2026-11-20 10:30:05": "2026-11-20T10:30:05.000Z",
    "2026-11-20T10:30:05.250000+00:00": "2026-11-20T10:30:05.250Z",
    "2026-11-20T10:30:05+09:00": "2026-11-20T01:30:05.000Z",
    "30s": "2026-11-22T11:59:30.000Z",
    "90m": "2026-11-22T10:30:00.000Z",
    "12h": "2026-11-22T00:00:00.000Z",
    "7d": "2026-11-15T12:00:00.000Z",
    "2w": "2026-11-08T12:00:00.000Z",
  })
) {
  Deno.test(`parseSince("${text}") is ${want}`, () => {
    assert.equal(new Date(parseSince(text, NOW)).toISOString(), want);
  });
}

for (
  const text of [
    "",
    "yesterday",
    "7",
    "7y",
    "-7d",
    "2026-13-01",
    "2026-11-20T25:00",
    "22.11.2026",
    "9".repeat(30) + "d",
  ]
) {
  Deno.test(`parseSince(${JSON.stringify(text)}) is refused`, () => {
    const message =
      `invalid --since "${text}": expected a time such as 2026-11-22, 2026-11-22T10:00:00Z, 90m, 12h or 7d`;
    assert.throws(() => parseSince(text, NOW), { message });
  });
}
