import assert from "node:assert/strict";
import { daysLeft, expiringSoon, expiryWarnings } from "./expiry.ts";

const LATE = new Date("2026-11-22T23:59:59").getTime(), EARLY = new Date("2026-11-22T00:00:00").getTime();

for (
  const [expires, want] of [
    ["2026-11-22", 0],
    ["2026-11-23", 1],
    ["2026-11-21", -1],
    ["2027-02-20", 90],
    ["2028-02-29", 464],
    ["never", null],
    ["nope", null],
    ["", null],
  ] as const
) {
  Deno.test(`daysLeft() of ${expires} is ${want} at any hour of 2026-11-22`, () => {
    assert.deepEqual([daysLeft(expires, EARLY), daysLeft(expires, LATE)], [want, want]);
  });
}

Deno.test("expiryWarnings() names the tokens of the next 14 days, the soonest first", () => {
  const tokens = [
    { user: "later", expires: "2026-12-07" },
    { user: "last", expires: "2026-12-06" },
    { user: "over", expires: "2026-11-21" },
    { user: "to\x1bday", expires: "2026-11-22" },
    { user: "always", expires: "never" },
    { user: "soon", expires: "2026-11-23" },
  ];
  assert.deepEqual(expiringSoon(tokens, LATE).map(({ user }) => user), ["to\x1bday", "soon", "last"]);
  assert.equal(
    expiryWarnings(tokens, LATE),
    `Warning: the token of 'to\\x1bday' expires today (2026-11-22)
Warning: the token of 'soon' expires tomorrow (2026-11-23)
Warning: the token of 'last' expires in 14 days (2026-12-06)
`,
  );
});

Deno.test("expiryWarnings() stays short however many there are", () => {
  const tokens = Array.from({ length: 1000 }, (_, i) => ({ user: `u${i}`, expires: "2026-11-30" }));
  const lines = expiryWarnings(tokens, LATE).trimEnd().split("\n");
  assert.deepEqual([lines.length, lines.at(-1)], [21, "Warning: so do 980 more within 14 days"]);
});
