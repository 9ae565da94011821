import assert from "node:assert/strict";
import { type Action, PolicySet, projectResource } from "#domain/policies/mod.ts";
import { parsePolicies } from "./policies_file.ts";

const EXAMPLE = new URL("../../../../policies.yml.example", import.meta.url);

Deno.test("policies.yml.example does what it says", async () => {
  const file = parsePolicies(await Deno.readTextFile(EXAMPLE), "policies.yml.example");
  const set = PolicySet.compile(file, ["admin", "member"]);
  const may = (role: string, action: Action, path: string, project = "app") =>
    set.decide(role, action, { project, path }).allowed;
  for (const action of ["read", "list", "verify"] as const) {
    assert.equal(may("member", action, "db/password"), true);
    assert.equal(may("member", action, "prod/db/password"), false);
  }
  assert.equal(may("member", "update", "db/password"), false);
  assert.equal(may("member", "read", "db/password", "other"), false);
  assert.equal(may("admin", "delete", "prod/db/password"), true);
  assert.equal(set.decide("admin", "create", projectResource("app-staging")).allowed, true);
  assert.equal(set.decide("member", "create", projectResource("app")).allowed, false);
});
