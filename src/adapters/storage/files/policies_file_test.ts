import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { parsePolicies, PoliciesFile } from "./policies_file.ts";

const CANARY = "canary-p0licy";
const GOOD = `
policies:
  - name: editor
    description: Edits what is not in production
    permissions:
      - effect: allow
        actions: [read, list, write]
        resources:
          - secret:app:*
          - "secret:app2:*"
      - {effect: deny, actions: ["*"], resources: ["secret:app:prod/*"]}
roles:
  admin: [editor]
  member:
`;

Deno.test("parsePolicies() reads policies and roles with their lines", () => {
  assert.deepEqual(parsePolicies(GOOD, "/p.yml"), {
    policies: [{
      name: { text: "editor", line: 3 },
      description: "Edits what is not in production",
      permissions: [
        {
          line: 6,
          effect: { text: "allow", line: 6 },
          actions: ["read", "list", "write"].map((text) => ({ text, line: 7 })),
          resources: [{ text: "secret:app:*", line: 9 }, { text: "secret:app2:*", line: 10 }],
        },
        {
          line: 11,
          effect: { text: "deny", line: 11 },
          actions: [{ text: "*", line: 11 }],
          resources: [{ text: "secret:app:prod/*", line: 11 }],
        },
      ],
    }],
    roles: [
      { role: { text: "admin", line: 13 }, policies: [{ text: "editor", line: 13 }] },
      { role: { text: "member", line: 14 }, policies: [] },
    ],
  });
});

for (const text of ["", "# nothing\n", "~", "policies:\nroles: {}\n"]) {
  Deno.test(`parsePolicies() takes ${JSON.stringify(text)} for no policies`, () => {
    assert.deepEqual(parsePolicies(text, "/p.yml"), { policies: [], roles: [] });
  });
}

const permission = (text: string) => `policies:\n- name: a\n  permissions:\n  - ${text}\n`;
for (
  const { name, text, want } of [
    { name: "an unknown field", text: `${CANARY}: 1`, want: "line 1: [0]: unknown field (allowed: policies, roles)" },
    {
      name: "a misspelt field of a policy",
      text: "policies:\n- name: a\n  permission: []",
      want: "line 3: policies[0][1]: unknown field (allowed: name, description, permissions)",
    },
    {
      name: "a misspelt field of a permission",
      text: permission("{efect: deny}"),
      want: "line 4: policies[0].permissions[0][0]: unknown field (allowed: effect, actions, resources)",
    },
    { name: "a list for the file", text: `- ${CANARY}`, want: "line 1: must be a mapping" },
    {
      name: "a policy without a name",
      text: "policies:\n- {permissions: []}",
      want: "line 2: policies[0]: name is missing",
    },
    { name: "an empty name", text: 'policies:\n- name: ""', want: "line 2: policies[0].name: must not be empty" },
    { name: "no effect", text: permission("{actions: [read], resources: [a]}"), want: "effect is missing" },
    { name: "no actions", text: permission("{effect: deny, resources: [a]}"), want: "actions is missing" },
    {
      name: "an empty list of actions",
      text: permission("{effect: deny, actions: [], resources: [a]}"),
      want: "must not be empty",
    },
    {
      name: "null resources",
      text: permission("{effect: deny, actions: [read], resources: }"),
      want: "resources is missing",
    },
    {
      name: "a text for a list",
      text: permission(`{effect: deny, actions: ${CANARY}, resources: [a]}`),
      want: "line 4: policies[0].permissions[0].actions: must be a list",
    },
    {
      name: "a mapping for an action",
      text: permission("{effect: deny, actions: [{a: b}], resources: [a]}"),
      want: "must be a string",
    },
    { name: "a repeated field", text: "roles: {}\nroles: {}", want: "line 2: [1]: roles is there twice" },
    { name: "an alias", text: "roles: {a: &x [p], b: *x}", want: "must be a list" },
    { name: "a billion laughs", text: bomb(), want: "roles[0][1]: must be a string" },
    { name: "a tag", text: `roles: {a: !${CANARY} [p]}`, want: "not valid YAML" },
    { name: "broken YAML", text: `roles: {a: "${CANARY}`, want: "not valid YAML" },
    { name: "an endless depth", text: "[".repeat(100_000), want: "line 1" },
    { name: "too many items", text: `roles: {a: [${"p, ".repeat(1001)}]}`, want: "roles[0]: has more than 1000 items" },
    { name: "a long text", text: `roles: {a: [${"p".repeat(1025)}]}`, want: "is longer than 1024 characters" },
    { name: "too many resources in all", text: manyResources(), want: "has more than 10000 resources" },
  ]
) {
  Deno.test(`parsePolicies() refuses ${name} with its line and quotes nothing`, () => {
    assert.throws(() => parsePolicies(text, "/p.yml"), (reason) => {
      const { message } = reason as Error;
      assert.ok(message.startsWith("parse policies file /p.yml: line "), message);
      assert.ok(message.includes(want), message);
      return !message.includes(CANARY);
    });
  });
}

Deno.test("PoliciesFile.load() reads the file anew each time, and tells a missing one from others", async () => {
  using dir = new TempDir();
  const file = new PoliciesFile(dir.join("policies.yml"));
  assert.equal(await file.load(), undefined);
  dir.write("policies.yml", GOOD);
  assert.equal((await file.load())?.policies.length, 1);
  dir.write("policies.yml", "roles: {a: []}");
  assert.equal((await file.load())?.roles[0].role.text, "a");
});

for (
  const { name, bytes, want } of [
    { name: "a huge file", bytes: new Uint8Array(256 * 1024 + 1).fill(32), want: /larger than 262144 bytes/ },
    { name: "a file that is not UTF-8", bytes: Uint8Array.of(0xff, 0xfe), want: /not valid UTF-8/ },
    { name: "overlong UTF-8", bytes: Uint8Array.of(0x72, 0xc0, 0xaf), want: /not valid UTF-8/ },
  ]
) {
  Deno.test(`PoliciesFile.load() refuses ${name}`, async () => {
    using dir = new TempDir();
    const path = dir.write("policies.yml", "");
    await Deno.writeFile(path, bytes);
    await assert.rejects(new PoliciesFile(path).load(), (reason) => {
      assert.match(String(reason), want);
      return String(reason).includes(`read policies file ${path}: `);
    });
  });
}

Deno.test("PoliciesFile.load() refuses a directory", async () => {
  using dir = new TempDir();
  await assert.rejects(new PoliciesFile(dir.path).load(), /read policies file /);
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `&l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`);
  return `roles: {a: [&l0 x, ${levels.join(", ")}], b: *l9}`;
}

function manyResources(): string {
  const policy = (i: number) =>
    `- {name: p${i}, permissions: [{effect: allow, actions: [read], resources: [${"a, ".repeat(1000)}]}]}`;
  return `policies:\n${Array.from({ length: 11 }, (_, i) => policy(i)).join("\n")}\n`;
}
