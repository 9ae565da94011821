import assert from "node:assert/strict";
import { sendRaw, withAdmin } from "./testing.ts";

/** Names that a careless server would take for paths, patterns, other names or the end of a string. */
const ODD_NAMES = [
  ".",
  "..",
  "a/b",
  "/",
  "a?b",
  "a#b",
  "a%2fb",
  "a\0b",
  "*",
  "é",
  "é",
  "_rotate_all",
  "rotate",
  "a b",
  "constructor",
];

for (const name of ODD_NAMES) {
  const segment = encodeURIComponent(name).replaceAll(".", "%2E");
  Deno.test(`admin API addresses ${JSON.stringify(name)} as /tokens/${segment} and nothing else`, () =>
    withAdmin(async ({ send, service }) => {
      for (const user of [name, "bystander"]) await send("POST", "/tokens", { user, role: "member" });
      assert.equal((await send("POST", `/tokens/${segment}/rotate`)).status, 200);
      assert.equal((await send("DELETE", `/tokens/${segment}`)).status, 200);
      assert.deepEqual(service.listTokens().map(({ user }) => user), ["bystander"]);
    }));
}

for (const segment of ["%", "%zz", "%2", "%c0%af", "%e0%80%af", "%ed%a0%80", "%ff", "a%"]) {
  Deno.test(`admin API refuses the malformed name ${segment}`, () =>
    withAdmin(async ({ send }) => {
      for (const [method, target] of [["DELETE", `/tokens/${segment}`], ["PUT", `/roles/${segment}`]]) {
        const { status, text } = await send(method, target, {});
        assert.deepEqual([status, JSON.parse(text)], [400, { error: "Malformed percent-encoding in the path" }]);
      }
    }));
}

for (
  const { target, host = "admin", want } of [
    { target: "/tokens/../roles", want: "No route for GET /tokens/../roles" },
    { target: "/x/%2e%2e/roles", want: "No route for GET /x/%2e%2e/roles" },
    { target: "/./roles", want: "No route for GET /./roles" },
    { target: "/roles", host: "evil.example:80", want: '{"roles": ' },
    { target: "/roles", host: "", want: '{"roles": ' },
    { target: "/x", host: "a/roles", want: "" },
    { target: "http://admin/roles", want: "No route for GET http://admin/roles" },
  ]
) {
  Deno.test(`admin API takes ${target} with Host "${host}" as it was sent`, () =>
    withAdmin(async ({ socket }) => {
      const answer = await sendRaw(socket, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.ok(answer.includes(want), answer);
      if (!want.startsWith('{"roles')) assert.ok(!answer.includes('{"roles"'), answer);
    }));
}

Deno.test("admin API serves a request without a Host header", () =>
  withAdmin(async ({ socket }) => {
    const answer = await sendRaw(socket, "GET /health HTTP/1.0\r\n\r\n");
    assert.match(answer, /200 OK[^]*{"status": "ok"}$/);
  }));
