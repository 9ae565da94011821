import assert from "node:assert/strict";
import { addDays, formatDay, localDay, parseDay } from "./calendar.ts";

for (const text of ["2026-11-22", "2024-02-29", "2000-02-29", "0001-01-01", "0099-12-31", "9999-12-31", "1969-12-31"]) {
  Deno.test(`parseDay() and formatDay() agree on ${text}`, () => assert.equal(formatDay(parseDay(text)), text));
}

for (
  const { text, quoted } of [
    { text: "nope", quoted: "'nope'" },
    { text: "", quoted: "''" },
    { text: "2026-1-1", quoted: "'2026-1-1'" },
    { text: "20261122", quoted: "'20261122'" },
    { text: "2026-02-29", quoted: "'2026-02-29'" },
    { text: "1900-02-29", quoted: "'1900-02-29'" },
    { text: "2026-13-01", quoted: "'2026-13-01'" },
    { text: "2026-00-10", quoted: "'2026-00-10'" },
    { text: "2026-01-00", quoted: "'2026-01-00'" },
    { text: "0000-01-01", quoted: "'0000-01-01'" },
    { text: "2026-11-22T00:00:00", quoted: "'2026-11-22T00:00:00'" },
    { text: " 2026-11-22", quoted: "' 2026-11-22'" },
    { text: "2026-11-22\n", quoted: "'2026-11-22\\n'" },
    { text: "２０２６-11-22", quoted: "'２０２６-11-22'" },
    { text: "it's", quoted: `"it's"` },
    { text: `'"\\\x1b`, quoted: `'\\'"\\\\\\x1b'` },
  ]
) {
  Deno.test(`parseDay() refuses ${JSON.stringify(text)} with Python's text`, () => {
    assert.throws(() => parseDay(text), { code: "INVALID_ARGUMENT", message: `Invalid isoformat string: ${quoted}` });
  });
}

for (
  const { from, days, want } of [
    { from: "2026-11-22", days: 90, want: "2027-02-20" },
    { from: "2026-11-22", days: 0, want: "2026-11-22" },
    { from: "2026-03-01", days: -1, want: "2026-02-28" },
    { from: "9999-12-30", days: 1, want: "9999-12-31" },
    { from: "9999-12-31", days: 1 },
    { from: "0001-01-01", days: -1 },
    { from: "2026-11-22", days: 999_999_999 },
    { from: "2026-11-22", days: -999_999_999 },
    { from: "2026-11-22", days: 1e300 },
    { from: "2026-11-22", days: NaN },
  ]
) {
  Deno.test(`addDays() ${from} + ${days} → ${want ?? "out of range"}`, () => {
    const sum = () => formatDay(addDays(parseDay(from), days));
    if (want) return assert.equal(sum(), want);
    assert.throws(sum, { code: "INVALID_ARGUMENT", message: "date value out of range" });
  });
}

Deno.test("localDay() is the date of the host's time zone, not of UTC", () => {
  const before = Deno.env.get("TZ");
  try {
    Deno.env.set("TZ", "Asia/Tokyo");
    assert.equal(formatDay(localDay(Date.UTC(2026, 10, 22, 20))), "2026-11-23");
    Deno.env.set("TZ", "America/Los_Angeles");
    assert.equal(formatDay(localDay(Date.UTC(2026, 10, 22, 3))), "2026-11-21");
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
});
