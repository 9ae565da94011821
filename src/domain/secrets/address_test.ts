import assert from "node:assert/strict";
import { addressOf, canonicalName, findAddress, findProject, parseAddress, resourceOf } from "./mod.ts";

for (
  const [name, project, path] of [
    ["a/b/c", "a", "b/c"],
    ["db/password", "db", "password"],
    ["token", "default", "token"],
    ["A.b_c-1/x", "A.b_c-1", "x"],
    [`${"p".repeat(64)}/${"x".repeat(255)}`, "p".repeat(64), "x".repeat(255)],
    ["a/.hidden/..x/...", "a", ".hidden/..x/..."],
  ]
) {
  Deno.test(`parseAddress() reads ${name.slice(0, 30)}`, () => {
    const address = parseAddress(name);
    assert.deepEqual({ ...address }, { project, path });
    assert.equal(canonicalName(address), `${project}/${path}`);
    assert.equal(resourceOf(address), `secret:${project}:${path}`);
    assert.deepEqual(parseAddress(canonicalName(address)), address);
    assert.deepEqual(addressOf(project, path), address);
  });
}

const BAD = [
  ["an empty name", ""],
  ["an empty project", "/a"],
  ["an empty path", "a/"],
  ["a double slash", "a/b//c"],
  ["a trailing slash", "a/b/"],
  ["a '.' segment", "a/./b"],
  ["a '..' segment", "a/b/.."],
  ["a project that begins with a dot", ".a/b"],
  ["a project that begins with a dash", "-a/b"],
  ["a project of 65 characters", `${"p".repeat(65)}/x`],
  ["a path of 256 bytes", `a/${"x".repeat(256)}`],
  ["a colon", "a/b:c"],
  ["a blank", "a/b c"],
  ["a line feed at the end", "a/b\n"],
  ["a zero byte", "a/b\0"],
  ["a letter outside ASCII", "a/ä"],
  ["a per cent sign", "a/b%2Fc"],
  ["a backslash", "a\\b"],
];
for (const [what, name] of BAD) {
  Deno.test(`parseAddress() refuses ${what}, without quoting it`, () => {
    const isRefusal = (reason: Error & { code?: string }) =>
      reason.code === "INVALID_ARGUMENT" && !reason.message.includes(name || "never");
    assert.throws(() => parseAddress(name), isRefusal);
    assert.equal(findAddress(name), undefined);
  });
}

for (
  const [name, project] of [
    ["app/x", "app"],
    ["app//..", "app"],
    ["app/", "app"],
    ["a b", "default"],
    ["", "default"],
    ["/x", undefined],
    ["a:b/x", undefined],
    [`${"p".repeat(65)}/x`, undefined],
  ] as const
) {
  Deno.test(`findProject() of '${name.slice(0, 20)}' is ${project}`, () => assert.equal(findProject(name), project));
}
