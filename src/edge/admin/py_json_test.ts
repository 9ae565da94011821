import assert from "node:assert/strict";
import { pyJson } from "./py_json.ts";

// What json.dumps of Python 3.11 prints.
for (
  const { value, want } of [
    { value: {}, want: "{}" },
    { value: [], want: "[]" },
    { value: { a: [1, -2.5, true, null], b: { c: "" } }, want: '{"a": [1, -2.5, true, null], "b": {"c": ""}}' },
    { value: "é한😀", want: '"\\u00e9\\ud55c\\ud83d\\ude00"' },
    { value: '"\\/\b\f\n\r\t\0\x1f\x7f\u2028', want: '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u2028"' },
    { value: { "ключ": 1 }, want: '{"\\u043a\\u043b\\u044e\\u0447": 1}' },
    { value: { a: undefined, b: 1 }, want: '{"b": 1}' },
  ]
) {
  Deno.test(`pyJson() writes ${want}`, () => {
    assert.equal(pyJson(value), want);
    assert.deepEqual(JSON.parse(pyJson(value)), JSON.parse(JSON.stringify(value)));
  });
}
