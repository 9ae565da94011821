import assert from "node:assert/strict";
import {
  DEPENDENCIES_FILE,
  dependenciesText,
  licenceIn,
  npmCache,
  packagesOf,
  readLock,
} from "../../src/release/dependencies.ts";

const HOW = "deno run -A src/release/dependencies.ts --write";
const MINI = {
  npm: {
    "yaml@2.0.0": { dependencies: ["a@1.0.0", "b"] },
    "@grpc/grpc-js@1.2.3_yaml@2.0.0": { dependencies: ["b"] },
    "a@1.0.0": {},
    "a@2.0.0_b@0.1.0": {},
    "b@0.1.0": { dependencies: ["a@2.0.0", "b"] },
  },
  workspace: { dependencies: ["npm:yaml@^2.0.0", "npm:@grpc/grpc-js@^1.0.0"] },
};

Deno.test("docs/DEPENDENCIES.md lists what deno.lock pins, with the licences that the packages name", () => {
  assert.equal(Deno.readTextFileSync(DEPENDENCIES_FILE), dependenciesText(readLock(), licenceIn(npmCache())), HOW);
});

Deno.test("every dependency has a licence that allows redistribution", () => {
  const allowed = /^(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause)$/;
  const licenceOf = licenceIn(npmCache());
  const others = packagesOf(readLock()).filter((dependency) =>
    !licenceOf(dependency).replace(/[()]/g, "").split(/ AND | OR /).every((name) => allowed.test(name))
  );
  assert.deepEqual(others, []);
});

Deno.test("packagesOf() knows versions, peers and who brings what", () => {
  assert.deepEqual(packagesOf(MINI), [
    { name: "@grpc/grpc-js", version: "1.2.3", broughtBy: [] },
    { name: "a", version: "1.0.0", broughtBy: ["yaml"] },
    { name: "a", version: "2.0.0", broughtBy: ["@grpc/grpc-js", "yaml"] },
    { name: "b", version: "0.1.0", broughtBy: ["@grpc/grpc-js", "yaml"] },
    { name: "yaml", version: "2.0.0", broughtBy: [] },
  ]);
});

Deno.test("dependenciesText() refuses a direct dependency that nobody gave a reason for", () => {
  const lock = { npm: { "left-pad@1.0.0": {} }, workspace: { dependencies: ["npm:left-pad@^1.0.0"] } };
  assert.throws(() => dependenciesText(lock, () => "MIT"), {
    message: "left-pad is a new dependency: say why in src/release/dependencies.ts",
  });
});

Deno.test("dependenciesText() changes with a version and with a package that comes or goes", () => {
  const text = (lock: object) => dependenciesText(lock, () => "MIT");
  const { "a@1.0.0": _, ...without } = MINI.npm;
  const updated = { ...without, "a@1.0.1": {}, "yaml@2.0.0": { dependencies: ["a@1.0.1", "b"] } };
  assert.notEqual(text({ ...MINI, npm: updated }), text(MINI));
  assert.notEqual(text({ ...MINI, npm: { ...without, "yaml@2.0.0": { dependencies: ["b"] } } }), text(MINI));
});
