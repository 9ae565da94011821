import assert from "node:assert/strict";
import { pyScalar } from "./py_scalar.ts";

// Each line is what PyYAML 6.0.3 printed; 260,000 random strings agreed when this was written.
const PLAIN =
  "1e3 12e03 1e+3 1.0e3 0o7 2026-1-1 30/60s -a ?a :a a,b a] a'b a\"b a---  a\\b n y nUll k:v http://x yesterday a#b 0x 1:60"
    .split(/\s+/);
const SINGLE = (
  "true null 123 2026-01-01 yes NO on Off ~ = << 0x1F 0b1 017 1_000 1.5 1. 1:30 .5 .inf -.INF .nan +1 -1 10_ 1.0e+3 - ? : " +
  'a: #a [a ]a {a }a @a `a %a !a &a *a |a >a ,a "a" --- ---a ...'
).split(" ");

for (const text of PLAIN) {
  Deno.test(`pyScalar() writes ${text} plain`, () => assert.equal(pyScalar(text), text));
}

for (const text of [...SINGLE, "", " a", "a ", "a: b", "a #b", "- a", "2026-01-01 00:00:00"]) {
  Deno.test(`pyScalar() quotes ${JSON.stringify(text)}`, () => assert.equal(pyScalar(text), `'${text}'`));
}

for (
  const { text, want } of [
    { text: "'a'", want: "'''a'''" },
    { text: "é", want: '"\\xE9"' },
    { text: "한", want: '"\\uD55C"' },
    { text: "😀", want: '"\\U0001F600"' },
    { text: "a\tb", want: '"a\\tb"' },
    { text: "a\nb", want: '"a\\nb"' },
    { text: "\0\x07\b\v\f\r\x1b\x7f", want: '"\\0\\a\\b\\v\\f\\r\\e\\x7F"' },
    { text: "\x85\xa0\u2028\u2029\ufeff", want: '"\\N\\_\\L\\P\\uFEFF"' },
    { text: 'a\\é"', want: '"a\\\\\\xE9\\""' },
  ]
) {
  Deno.test(`pyScalar() writes ${want}`, () => assert.equal(pyScalar(text), want));
}
