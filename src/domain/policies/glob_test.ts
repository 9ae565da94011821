import assert from "node:assert/strict";
import fc from "fast-check";
import { Glob, PatternError } from "./glob.ts";

for (
  const { pattern, yes, no } of [
    { pattern: "", yes: [""], no: ["a"] },
    { pattern: "abc", yes: ["abc"], no: ["ab", "abcd", "Abc", "xabc"] },
    { pattern: "*", yes: ["", "a", "a/b/c", "*"], no: ["a:b", ":"] },
    { pattern: "prod/*", yes: ["prod/", "prod/a", "prod/a/b/c"], no: ["prod", "dev/prod/a"] },
    { pattern: "a**b", yes: ["ab", "axxb", "abab"], no: ["a", "b", "aba"] },
    { pattern: "k?y", yes: ["key", "k/y"], no: ["ky", "keey", "k:y"] },
    { pattern: "[!ab]x", yes: ["cx", "/x"], no: ["ax", "bx", "x", ":x"] },
    { pattern: "[ab]x", yes: ["ax", "bx"], no: ["cx", "abx"] },
    { pattern: "v[0-9]", yes: ["v0", "v9"], no: ["v", "va", "v10"] },
    { pattern: "[a-]", yes: ["a", "-"], no: ["b"] },
    { pattern: "[-a]", yes: ["a", "-"], no: ["b"] },
    { pattern: "*_KEY", yes: ["_KEY", "A_KEY", "_KEY_KEY"], no: ["A_KEYS", "a_key"] },
    { pattern: "a.b", yes: ["a.b"], no: ["axb"] },
    { pattern: `${"a".repeat(40)}*z`, yes: [`${"a".repeat(40)}z`, `${"a".repeat(90)}z`], no: [`${"a".repeat(39)}z`] },
    { pattern: `${"?".repeat(64)}`, yes: ["x".repeat(64)], no: ["x".repeat(63), "x".repeat(65)] },
  ]
) {
  Deno.test(`Glob ${JSON.stringify(pattern.slice(0, 20))} matches what it should and nothing else`, () => {
    const glob = new Glob(pattern);
    for (const text of yes) assert.equal(glob.matches(text), true, text);
    for (const text of no) assert.equal(glob.matches(text), false, text);
  });
}

for (
  const { pattern, want } of [
    { pattern: "[ab", want: "has a set without its end" },
    { pattern: "[]", want: "has an empty set" },
    { pattern: "[!]", want: "has an empty set" },
    { pattern: "[z-a]", want: "has a set with a range that runs backwards" },
    { pattern: "a]", want: "has a character that no name has" },
    { pattern: "[a*]", want: "has a character that no name has" },
    { pattern: "[^a]", want: "has a character that no name has" },
    { pattern: "a b", want: "has a character that no name has" },
    { pattern: "a\\*", want: "has a character that no name has" },
    { pattern: "{a,b}", want: "has a character that no name has" },
    { pattern: "pr\u043ed", want: "has a character that no name has" }, // a Cyrillic o
    { pattern: "\uff50rod", want: "has a character that no name has" }, // a full-width p
    { pattern: "cafe\u0301", want: "has a character that no name has" }, // a combining accent
    { pattern: "a\0", want: "has a character that no name has" },
    { pattern: "a".repeat(513), want: "is longer than 512 characters" },
  ]
) {
  Deno.test(`Glob refuses ${JSON.stringify(pattern.slice(0, 20))}, which ${want}`, () => {
    assert.throws(() => new Glob(pattern), (reason) => {
      assert.ok(reason instanceof PatternError);
      assert.equal(reason.message, want);
      return true;
    });
  });
}

Deno.test("Glob takes characters of a text for themselves, whatever they mean in a pattern", () => {
  for (const text of ["*", "?", "[a]", "[!a]", "**", "a*"]) {
    assert.equal(new Glob("a").matches(text), false, text);
    assert.equal(new Glob("axb").matches(`a${text}b`), false, text);
    assert.equal(new Glob("*").matches(text), true, text);
  }
});

/** Pieces of patterns and texts from a small alphabet, so that they often meet. */
const CHARACTERS = ["a", "b", "c", "-", "/", "."];
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CHARACTERS.filter((one) => one !== "-")) },
  { weight: 2, arbitrary: fc.constantFrom("*", "?", "**", "*?") },
  fc.tuple(fc.boolean(), fc.array(fc.constantFrom("a", "b", "c", "/", "a-c", "a-b"), { minLength: 1, maxLength: 3 }))
    .map(([isNegated, members]) => `[${isNegated ? "!" : ""}${members.join("")}]`),
);
const pattern = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const text = fc.array(fc.constantFrom(...CHARACTERS, ":", "é", "*"), { maxLength: 14 }).map((parts) => parts.join(""));

Deno.test("Glob agrees with a matcher that tries every way, on random patterns", () => {
  fc.assert(
    fc.property(pattern, text, (pattern, text) => {
      assert.equal(new Glob(pattern).matches(text), matchesByTrying(pattern, text), `${pattern} ${text}`);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("Glob matches a text that is made from its pattern", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "/", "*", "?"), { maxLength: 80 }), text, (pieces, run) => {
      const filled = pieces.map((one) => one === "*" ? run.replaceAll(":", "") : one === "?" ? "x" : one).join("");
      assert.equal(new Glob(pieces.join("")).matches(filled), true);
    }),
  );
});

Deno.test("Glob ends on patterns that make backtracking explode", () => {
  const bad = [
    "a*".repeat(200) + "b",
    "*a".repeat(200) + "b",
    "*?".repeat(200) + "b",
    "*[ab]".repeat(80) + "c",
    "*".repeat(512),
  ];
  for (const pattern of bad) {
    const glob = new Glob(pattern);
    // Some microseconds each; trying every way would not end in this century.
    assert.equal(glob.matches("a".repeat(255)), /^\*+$/.test(pattern));
  }
});

/** The meaning of a pattern, written down as plainly as it can be: exponential, for short patterns only. */
function matchesByTrying(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*") {
    return matchesByTrying(pattern.slice(1), text) ||
      text !== "" && text[0] !== ":" && matchesByTrying(pattern, text.slice(1));
  }
  if (text === "" || text[0] === ":") return false;
  if (pattern[0] === "?") return matchesByTrying(pattern.slice(1), text.slice(1));
  if (pattern[0] !== "[") return pattern[0] === text[0] && matchesByTrying(pattern.slice(1), text.slice(1));
  const [set, negation, members] = /^\[(!?)(.+?)\]/.exec(pattern)!;
  const isMember = new RegExp(`^[${members.replaceAll("/", "\\/")}]$`, "u").test(text[0]);
  return isMember !== (negation === "!") && matchesByTrying(pattern.slice(set.length), text.slice(1));
}
