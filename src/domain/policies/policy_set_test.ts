import assert from "node:assert/strict";
import fc from "fast-check";
import { ACTIONS, actionsOf, isAction } from "./actions.ts";
import { explainDecision, PolicySet, projectResource, resourceText } from "./mod.ts";
import { policiesOf, policyFile } from "./testing.ts";

const at = (name: string) => {
  const [project, path] = name.split(":");
  return { project, path };
};
const allows = (set: PolicySet, action: (typeof ACTIONS)[number], name: string) =>
  set.decide("r", action, at(name)).allowed;

for (
  const { pattern, yes, no } of [
    {
      pattern: "secret:project*:prod/*",
      yes: ["project:prod/a", "project_x:prod/a/b/c"],
      no: ["project:prod", "project:dev/a", "my-project:prod/a", "Project:prod/a", "projectA:dev/x"],
    },
    { pattern: "secret:*:*", yes: ["p:a/b"], no: [] },
    { pattern: "secret:*:GOOGLE_*", yes: ["p:GOOGLE_X"], no: ["p:dir/GOOGLE_X"] },
    { pattern: "secret:common:*", yes: ["common:a/b"], no: ["common2:a", "Common:a", "xcommon:a"] },
    { pattern: "secret:p:k?y", yes: ["p:key", "p:k/y"], no: ["p:ky"] },
    { pattern: "secret:p:[!ab]x", yes: ["p:cx"], no: ["p:ax"] },
    {
      pattern: "secret:p:stripe/*",
      yes: ["p:stripe/key", "p:stripe/sub/key"],
      no: ["p:stripe", "p:db/stripe", "p:Stripe/key"],
    },
    { pattern: "secret:p:stripe*", yes: ["p:stripe", "p:stripex"], no: ["p:str"] },
    { pattern: "secret:p:db/pw", yes: ["p:db/pw"], no: ["p:db/pw2", "p:db/p"] },
  ]
) {
  Deno.test(`PolicySet.decide() with ${pattern}`, () => {
    const set = policiesOf(`allow read ${pattern}`);
    for (const name of yes) assert.equal(allows(set, "read", name), true, name);
    for (const name of no) assert.equal(allows(set, "read", name), false, name);
  });
}

Deno.test("PolicySet.decide() never lets a star cross a colon", () => {
  const set = policiesOf("allow * secret:project*:prod/*");
  assert.equal(set.decide("r", "read", { project: "projectA", path: "dev/x:prod/y" }).allowed, false);
  assert.equal(set.decide("r", "read", { project: "project:prod", path: "prod/a" }).allowed, false);
});

Deno.test("PolicySet.decide() denies by default: no policies, no rule, another role, another action", () => {
  assert.deepEqual(PolicySet.EMPTY.decide("r", "read", at("p:a")), { allowed: false });
  const set = policiesOf("allow read secret:p:*");
  assert.deepEqual(set.decide("r", "read", at("q:a")), { allowed: false });
  assert.deepEqual(set.decide("R", "read", at("p:a")), { allowed: false });
  assert.deepEqual(set.decide("admin", "read", at("p:a")), { allowed: false });
  for (const action of ACTIONS) assert.equal(allows(set, action, "p:a"), action === "read", action);
});

Deno.test("PolicySet.decide(): write is create, update and rotate; the star is every action", () => {
  const write = policiesOf("allow write secret:p:*"), all = policiesOf("allow * secret:p:*");
  assert.deepEqual(ACTIONS.filter((action) => allows(write, action, "p:a")), ["create", "update", "rotate"]);
  assert.deepEqual(ACTIONS.filter((action) => allows(all, action, "p:a")), [...ACTIONS]);
});

Deno.test("PolicySet.decide() confines a role to its pattern: everything on stripe/*, nothing elsewhere", () => {
  const set = policiesOf("allow * secret:payments:stripe/*");
  for (const action of ACTIONS) {
    assert.equal(allows(set, action, "payments:stripe/key"), true);
    for (const other of ["payments:stripe", "payments:paypal/key", "payments:x/stripe/key", "other:stripe/key"]) {
      assert.equal(allows(set, action, other), false, `${action} ${other}`);
    }
  }
});

Deno.test("PolicySet.decide(): deny wins over allow, wherever it stands, and the decision names the rule", () => {
  const set = policiesOf("allow * secret:p:*", "deny read,list secret:p:prod/*", "allow read secret:p:prod/public");
  assert.deepEqual(set.decide("r", "read", at("p:prod/public")), {
    allowed: false,
    rule: { policy: "of-r", permission: 2, effect: "deny", line: 2 },
  });
  assert.deepEqual(set.decide("r", "update", at("p:prod/public")), {
    allowed: true,
    rule: { policy: "of-r", permission: 1, effect: "allow", line: 1 },
  });
});

Deno.test("PolicySet.decide() joins all policies of a role, and a deny in one binds all", () => {
  const file = policyFile({ a: ["allow read secret:p:*"], b: ["deny read secret:p:x"] });
  const roles = [...file.roles, { role: { text: "both", line: 9 }, policies: file.roles.flatMap((r) => r.policies) }];
  const set = PolicySet.compile({ ...file, roles }, ["a", "b", "both"]);
  assert.equal(set.decide("both", "read", at("p:y")).allowed, true);
  assert.equal(set.decide("both", "read", at("p:x")).rule?.policy, "of-b");
  assert.equal(set.decide("a", "read", at("p:x")).allowed, true);
});

Deno.test("PolicySet.decide() on a project asks for a pattern that takes every path", () => {
  const create = (pattern: string) =>
    policiesOf(`allow create ${pattern}`).decide("r", "create", projectResource("p")).allowed;
  assert.equal(resourceText(projectResource("p")), "secret:p:*");
  for (const pattern of ["secret:p:*", "secret:*:*", "secret:p:**"]) assert.equal(create(pattern), true, pattern);
  for (const pattern of ["secret:p:prod/*", "secret:p:?", "secret:p:[!a]", "secret:q:*", "secret:p:a"]) {
    assert.equal(create(pattern), false, pattern);
  }
});

Deno.test("PolicySet.decide() takes user data for itself, never for a pattern", () => {
  const set = policiesOf("allow read secret:p:key");
  for (const path of ["*", "k?y", "k[e]y", "ke*"]) {
    assert.equal(set.decide("r", "read", { project: "p", path }).allowed, false);
  }
  assert.equal(set.decide("*", "read", at("p:key")).allowed, false);
  assert.equal(set.decide("r", "read", { project: "*", path: "key" }).allowed, false);
});

for (
  const { name, roles, known = ["r"], want } of [
    { name: "an unknown role", roles: { x: [] }, want: 'line 1: unknown role "x"' },
    { name: "a role in another case", roles: { Admin: [] }, known: ["admin"], want: 'line 1: unknown role "Admin"' },
    { name: "a role in full-width letters", roles: { "ａdmin": [] }, known: ["admin"], want: 'unknown role "ａdmin"' },
    {
      name: "an unknown effect",
      roles: { r: ["allow * secret:a:*", "Deny * secret:a:*"] },
      want: "line 2: unknown effect",
    },
    {
      name: "an unknown action",
      roles: { r: ["allow read,admin secret:a:*"] },
      want: "line 1: unknown action (allowed: read, list, create, update, delete, rotate, verify, write, *)",
    },
    { name: "an action in another case", roles: { r: ["allow Create secret:a:*"] }, want: "line 1: unknown action" },
    { name: "a bare star", roles: { r: ["deny * *"] }, want: "must be of the form secret:<project>:<path>" },
    { name: "another kind", roles: { r: ["deny * secrets:a:*"] }, want: "must start with 'secret:'" },
    { name: "a fourth part", roles: { r: ["deny * secret:a:b:c"] }, want: "must be of the form" },
    { name: "an empty project", roles: { r: ["deny * secret::*"] }, want: "has an empty part" },
    { name: "a slash in a project", roles: { r: ["deny * secret:a/b:*"] }, want: "has a '/' in its project" },
    { name: "a set that holds a colon", roles: { r: ["deny * secret:a:[a:b]"] }, want: "must be of the form" },
  ] as { name: string; roles: Record<string, string[]>; known?: string[]; want: string }[]
) {
  Deno.test(`PolicySet.compile() refuses ${name}`, () => {
    assert.throws(() => PolicySet.compile(policyFile(roles), known), (reason) => {
      const { message, code } = reason as Error & { code: string };
      assert.ok(message.includes(want), message);
      assert.equal(code, "INVALID_ARGUMENT");
      return message.startsWith("line ");
    });
  });
}

Deno.test("PolicySet.compile() refuses an unknown policy and what is there twice", () => {
  const file = policyFile({ r: ["allow read secret:a:*"] });
  const compile = (change: Partial<typeof file>) => () => PolicySet.compile({ ...file, ...change }, ["r"]);
  const role = (policy: string) => ({ role: { text: "r", line: 7 }, policies: [{ text: policy, line: 8 }] });
  assert.throws(compile({ roles: [role("ghost")] }), { message: 'line 8: unknown policy "ghost"' });
  assert.throws(compile({ roles: [...file.roles, role("of-r")] }), { message: 'line 7: role "r" is there twice' });
  assert.throws(compile({ policies: [...file.policies, ...file.policies] }), {
    message: 'line 1: policy "of-r" is there twice',
  });
});

Deno.test("actionsOf() and isAction() know their words and no others", () => {
  for (const word of ["create", "update", "delete", "rotate", "read", "list", "verify", "write", "*"]) {
    assert.ok(actionsOf(word), word);
    assert.equal(isAction(word), word !== "write" && word !== "*");
  }
  for (const word of ["", "admin", "Create", "READ", "reads", " read", "constructor"]) {
    assert.equal(actionsOf(word), undefined);
    assert.equal(isAction(word), false);
  }
});

Deno.test("explainDecision() names the rule, or that there is none", () => {
  const set = policiesOf("deny read secret:p:x");
  const about = (name: string) => ({ role: "r", action: "read" as const, resource: at(name) });
  assert.equal(
    explainDecision(set.decide("r", "read", at("p:x")), about("p:x")),
    "read on secret:p:x is denied to role 'r': deny by permission 1 of policy 'of-r' (line 1)",
  );
  assert.equal(
    explainDecision(set.decide("r", "read", at("p:y")), about("p:y")),
    "read on secret:p:y is denied to role 'r': no permission of its policies covers it",
  );
});

Deno.test("PolicySet.policies tell which roles have each", () => {
  const set = policiesOf("allow read secret:p:*", "deny read secret:p:x");
  assert.deepEqual(set.policies, [{ name: "of-r", description: "", permissions: 2, roles: ["r"] }]);
  assert.equal(set.roleCount, 1);
});

const part = fc.array(fc.constantFrom("a", "b", "/", "*", "?", "[ab]", "[!a]"), { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(""));
const pattern = fc.tuple(fc.constantFrom("p", "q", "*", "?", "[pq]"), part).map((parts) => `secret:${parts.join(":")}`);
const permission = fc.record({
  effect: fc.constantFrom("allow", "deny"),
  actions: fc.uniqueArray(fc.constantFrom(...ACTIONS, "write", "*"), { minLength: 1, maxLength: 3 }),
  patterns: fc.array(pattern, { minLength: 1, maxLength: 3 }),
});
const resource = fc.record({
  project: fc.constantFrom("p", "q", "r"),
  path: fc.array(fc.constantFrom("a", "b", "/"), { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join("")),
});

/** Whether the pattern covers the resource, by way of a regular expression over the whole of both. */
function covers(pattern: string, { project, path }: { project: string; path: string }): boolean {
  const source = pattern.replaceAll("[!", "[^").replaceAll(/[*?]/g, (one) => one === "*" ? "[^:]*" : "[^:]");
  return new RegExp(`^${source}$`).test(`secret:${project}:${path}`);
}

Deno.test("PolicySet.decide() agrees with deny-overrides written out, on random policies", () => {
  fc.assert(
    fc.property(
      fc.array(permission, { maxLength: 6 }),
      fc.constantFrom(...ACTIONS),
      resource,
      (permissions, action, resource) => {
        const set = policiesOf(
          ...permissions.map(({ effect, actions, patterns }) => [effect, actions.join(), ...patterns].join(" ")),
        );
        const concerned = permissions.filter(({ actions, patterns }) =>
          actions.some((word) =>
            word === "*" || word === action || word === "write" && /create|update|rotate/.test(action)
          ) &&
          patterns.some((pattern) => covers(pattern, resource))
        );
        const want = concerned.some(({ effect }) => effect === "allow") &&
          !concerned.some(({ effect }) => effect === "deny");
        const { allowed, rule } = set.decide("r", action, resource);
        assert.equal(allowed, want);
        assert.equal(rule === undefined, concerned.length === 0);
        if (rule) assert.ok(concerned.includes(permissions[rule.permission - 1]));
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("PolicySet.visible(): a listing never shows a name that a deny covers, and nothing that no allow covers", () => {
  fc.assert(
    fc.property(
      fc.array(permission, { maxLength: 6 }),
      fc.array(resource, { maxLength: 20 }),
      (permissions, resources) => {
        const set = policiesOf(
          ...permissions.map(({ effect, actions, patterns }) => [effect, actions.join(), ...patterns].join(" ")),
        );
        const isAbout = ({ actions }: { actions: string[] }) => actions.includes("list") || actions.includes("*");
        const [denies, allowed] = ["deny", "allow"].map((effect) =>
          permissions.filter((one) => one.effect === effect && isAbout(one)).flatMap(({ patterns }) => patterns)
        );
        for (const shown of resources.filter(set.visible("r"))) {
          assert.equal(denies.some((pattern) => covers(pattern, shown)), false);
          assert.ok(allowed.some((pattern) => covers(pattern, shown)));
          assert.ok(set.mayAny("r", "list") && set.mayAny("r", "list", shown.project));
        }
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("PolicySet.decide() with every action on everything: any name may be read and is visible", () => {
  const set = policiesOf("allow * secret:*:*");
  fc.assert(fc.property(resource, fc.constantFrom(...ACTIONS), (resource, action) => {
    assert.equal(set.decide("r", action, resource).allowed, true);
    assert.equal(set.visible("r")(resource), true);
  }));
});

Deno.test("PolicySet.decide() takes any text for role and name, and answers", () => {
  const set = policiesOf("allow read secret:p:*");
  fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (role, project, path) => {
    const { allowed } = set.decide(role, "read", { project, path });
    assert.equal(allowed, role === "r" && project === "p" && !path.includes(":"));
  }));
});

Deno.test("PolicySet.visible() and mayAny() of a role without a permission to list", () => {
  const set = policiesOf("allow read,write secret:p:*", "deny list secret:p:*");
  assert.equal(set.visible("r")(at("p:a")), false);
  assert.equal(set.mayAny("r", "list"), false);
});

for (
  const { permissions, want } of [
    { permissions: ["allow list secret:p:*"], want: [true, true, false] },
    { permissions: ["allow list secret:p:prod/*"], want: [true, true, false] },
    { permissions: ["allow read secret:p:*"], want: [false, false, false] },
    { permissions: ["allow list secret:*:*", "deny list secret:p:*"], want: [true, false, true] },
    { permissions: ["allow list secret:*:*", "deny * secret:p:*"], want: [true, false, true] },
    { permissions: ["allow list secret:*:*", "deny read secret:p:*"], want: [true, true, true] },
    { permissions: ["allow list secret:*:*", "deny list secret:p:prod/*"], want: [true, true, true] },
    {
      permissions: ["allow list secret:*:*", "deny list secret:p*:*", "deny list secret:?:*"],
      want: [true, false, false],
    },
    { permissions: ["allow list secret:p:*", "deny list secret:*:*"], want: [false, false, false] },
  ]
) {
  Deno.test(`PolicySet.mayAny() of ${permissions.join("; ")}: to list anything, of p, of q: ${want}`, () => {
    const set = policiesOf(...permissions);
    assert.deepEqual([undefined, "p", "q"].map((project) => set.mayAny("r", "list", project)), want);
  });
}
