import assert from "node:assert/strict";
import { parseSettings } from "./parse_settings.ts";

const CANARY = "canary-s3cret";

for (
  const { name, text, want } of [
    { name: "an empty file", text: "", want: {} },
    { name: "comments alone", text: "# nothing\n", want: {} },
    { name: "sections and keys without a value as absent", text: "keys:\nserver: {grpc: {port: }}", want: {} },
    { name: "YAML 1.2: yes is a string", text: "keys: {path: yes}", want: { "keys.path": "yes" } },
    { name: "an alias", text: "keys: {path: &a x}\naudit: {path: *a}", want: { "keys.path": "x", "audit.path": "x" } },
    {
      name: "every extension key",
      text: "keys: {library: l}\naudit: {fail_closed: false, retention: 7}\nlog: {level: debug, format: json}",
      want: {
        "keys.library": "l",
        "audit.fail_closed": false,
        "audit.retention": 7,
        "log.level": "debug",
        "log.format": "json",
      },
    },
  ]
) {
  Deno.test(`parseSettings() accepts ${name}`, () => assert.deepEqual(parseSettings(text), want));
}

for (
  const { name, text, want } of [
    { name: "an unknown top-level key", text: "a: 1", want: 'line 1: unknown key "a"' },
    { name: "an unknown section", text: "server:\n  udp: {}", want: 'line 2: unknown key "server.udp"' },
    { name: "an unknown deep key", text: "server: {grpc: {tls: {c: 1}}}", want: 'unknown key "server.grpc.tls.c"' },
    { name: "a dotted key", text: "server.grpc.port: 1", want: 'unknown key "server.grpc.port"' },
    { name: "a merge key", text: "keys: &k {path: a}\n<<: {}", want: 'line 2: unknown key "<<"' },
    { name: "a key of an object's prototype", text: "__proto__: {}", want: 'unknown key "__proto__"' },
    { name: "a key that is no string", text: "[a]: 1", want: 'unknown key "(not a name)"' },
    { name: "a repeated key", text: "keys:\n  path: a\n  path: b", want: 'line 3: duplicate key "keys.path"' },
    { name: "a repeated section", text: "keys: {path: a}\nkeys: {}", want: 'line 2: duplicate key "keys"' },
    {
      name: "a string for an integer",
      text: `server:\n  grpc:\n    port: ${CANARY}`,
      want: "line 3: server.grpc.port: expected an integer, found a string",
    },
    {
      name: "a fraction for an integer",
      text: "keys: {embedding_dim: 1.5}",
      want: "expected an integer, found a number",
    },
    { name: "an integer beyond 2^53", text: "audit: {retention: 9007199254740993}", want: "found a number" },
    {
      name: "a string for a boolean",
      text: 'server: {grpc: {tls: {disable: "true"}}}',
      want: "server.grpc.tls.disable: expected true or false, found a string",
    },
    {
      name: "a number for a string",
      text: "tokens: {team_secret: 12345}",
      want: "line 1: tokens.team_secret: expected a string, found a number; put it in quotes",
    },
    {
      name: "a list for a string",
      text: `tokens: {team_secret: [${CANARY}]}`,
      want: "expected a string, found a list",
    },
    {
      name: "a list of something else for a list of strings",
      text: `server: {http: {metrics_allow: [10.0.0.0/8, {a: ${CANARY}}]}}`,
      want: "line 1: server.http.metrics_allow: expected a list of strings, found a list",
    },
    {
      name: "a value for a section",
      text: `tokens: ${CANARY}`,
      want: "tokens: expected a mapping of keys, found a string",
    },
    { name: "a list for the file", text: `- ${CANARY}`, want: "line 1: expected a mapping of keys, found a list" },
    { name: "another word for a choice", text: "log: {level: loud}", want: "log.level: expected one of debug, info" },
    {
      name: "broken YAML",
      text: `tokens:\n  team_secret: "${CANARY}`,
      want: "line 2, column 30: invalid YAML (missing char)",
    },
    { name: "a bad escape", text: `tokens: {team_secret: "\\q${CANARY}"}`, want: "invalid YAML (bad dq escape)" },
    { name: "an alias to nothing", text: `tokens: {team_secret: *${CANARY}}`, want: "line 1: alias without an anchor" },
    { name: "a custom tag", text: `tokens: {team_secret: !${CANARY} x}`, want: "invalid YAML (tag resolve failed)" },
    { name: "two documents", text: "keys: {path: a}\n---\nkeys: {path: b}", want: "invalid YAML (multiple docs)" },
    { name: "an alias to itself", text: "server: &s {grpc: *s}", want: 'unknown key "server.grpc.grpc"' },
    { name: "an endless depth", text: "[".repeat(20_000), want: "invalid YAML" },
    { name: "a billion laughs", text: bomb(), want: "audit.path: expected a string, found a list" },
  ]
) {
  Deno.test(`parseSettings() refuses ${name} and quotes no value`, () => {
    assert.throws(() => parseSettings(text), (reason) => {
      const { message } = reason as Error;
      assert.ok(message.includes(want), message);
      assert.ok(!message.includes(CANARY), message);
      return true;
    });
  });
}

Deno.test("parseSettings() cuts a long unknown key and escapes its control characters", () => {
  assert.throws(() => parseSettings(`"\\e[2J${"k".repeat(200)}": 1`), (reason) => {
    assert.match((reason as Error).message, /^line 1: unknown key "\\u001b\[2Jk{60}…"$/);
    return true;
  });
});

/** Lists of ten aliases each, nine deep: a thousand million elements if they were written out. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `&l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`);
  return `audit: {path: [&l0 x, ${levels.join(", ")}]}`;
}
