import assert from "node:assert/strict";
import { remembered } from "./remembered.ts";

Deno.test("remembered() computes once, also what comes to nothing, and never more than it keeps", () => {
  let calls = 0;
  const lengthOf = remembered((text) => {
    calls += 1;
    return text === "" ? undefined : text.length;
  });
  for (const text of ["a", "", "a", "", "ab"]) assert.equal(lengthOf(text), text.length || undefined);
  assert.equal(calls, 3);
  for (let i = 0; i < 2000; i++) lengthOf(`x${i}`);
  lengthOf("a");
  assert.equal(calls, 2004, "forgotten in between");
});

Deno.test("remembered() keeps no long texts", () => {
  let calls = 0;
  const lengthOf = remembered((text) => (calls += 1, text.length));
  for (let i = 0; i < 3; i++) assert.equal(lengthOf("x".repeat(65)), 65);
  assert.equal(calls, 3);
});
