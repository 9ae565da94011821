import assert from "node:assert/strict";
import { readJson } from "./read_json.ts";
import { sendRaw, withAdmin } from "./testing.ts";

const limits = { maxBytes: 1024 * 1024, timeoutMs: 30_000, stopping: new AbortController().signal };
const post = (body?: BodyInit) => new Request("http://x/", { method: "POST", body });
const SECRET = "evt_5ec7e75ec7e75ec7e75ec7e75ec7e75e";

for (
  const { name, body, want } of [
    { name: "no body as {}", body: undefined, want: {} },
    { name: "an empty body as {}", body: "", want: {} },
    { name: "spaces around", body: ' \n{"a": 1}\r\n', want: { a: 1 } },
    { name: "16 levels", body: "[".repeat(16) + "]".repeat(16), want: JSON.parse("[".repeat(16) + "]".repeat(16)) },
    { name: "brackets in strings", body: JSON.stringify("[".repeat(100) + '\\"{'), want: "[".repeat(100) + '\\"{' },
    { name: "the last of two equal keys, as Python does", body: '{"a": 1, "a": 2}', want: { a: 2 } },
  ]
) {
  Deno.test(`readJson() takes ${name}`, async () => assert.deepEqual(await readJson(post(body), limits), want));
}

const PROPERTY = "Expecting property name enclosed in double quotes";
for (
  const { body, status = 400, error } of [
    { body: "{", error: `${PROPERTY}: line 1 column 2 (char 1)` },
    { body: "{\n", error: `${PROPERTY}: line 2 column 1 (char 2)` },
    { body: "{'a': 1}", error: `${PROPERTY}: line 1 column 2 (char 1)` },
    { body: "nope", error: "Expecting value: line 1 column 1 (char 0)" },
    { body: " \n  nope", error: "Expecting value: line 2 column 3 (char 4)" },
    { body: " ", error: "Expecting value: line 1 column 2 (char 1)" },
    { body: "tru", error: "Expecting value: line 1 column 1 (char 0)" },
    { body: "-", error: "Expecting value: line 1 column 1 (char 0)" },
    { body: `{"token": "${SECRET}" ${SECRET}`, error: "Request body is not valid JSON" },
    { body: `"${SECRET}`, error: "Request body is not valid JSON" },
    { body: `{} ${SECRET}`, error: "Request body is not valid JSON" },
    { body: "[".repeat(17), error: "JSON is nested too deeply" },
    { body: '{"a":'.repeat(100_000), error: "JSON is nested too deeply" },
    { body: new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), error: "Request body is not valid UTF-8" },
    { body: new Uint8Array([0x22, 0xe2, 0x82]), error: "Request body is not valid UTF-8" },
    { body: " ".repeat(1024 * 1024 + 1), status: 413, error: "Request body is larger than 1048576 bytes" },
    {
      body: new Blob([" ".repeat(2_000_000)]).stream(),
      status: 413,
      error: "Request body is larger than 1048576 bytes",
    },
  ] as { body: BodyInit; status?: number; error: string }[]
) {
  const name = typeof body === "string" ? JSON.stringify(body.slice(0, 30)) : String(body);
  Deno.test(`readJson() refuses ${name}: ${error}`, async () => {
    await assert.rejects(readJson(post(body), limits), { name: "HttpError", status, message: error });
  });
}

Deno.test("readJson() reads 1 MiB to the last byte", async () => {
  const text = "x".repeat(1024 * 1024 - 2);
  assert.equal(await readJson(post(JSON.stringify(text)), limits), text);
});

const HALF = "POST /tokens HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{";

Deno.test("admin API gives up on a body that does not come, while it serves others", () =>
  withAdmin(async ({ socket, send }) => {
    const slow = sendRaw(socket, HALF);
    assert.equal((await send("GET", "/health")).status, 200);
    assert.match(await slow, /^HTTP\/1\.1 408 [^]*{"error": "Request body did not arrive in time"}$/);
  }, { bodyTimeoutMs: 50 }));

Deno.test("admin API refuses a large body by its announced length, without waiting for it", () =>
  withAdmin(async ({ socket }) => {
    const head = HALF.replace("100", "1048577");
    assert.match(
      await sendRaw(socket, head),
      /^HTTP\/1\.1 413 [^]*{"error": "Request body is larger than 1048576 bytes"}$/,
    );
  }));

Deno.test("admin API stops within its drain time though a body never comes", () =>
  withAdmin(async ({ socket, send, stop }) => {
    const slow = sendRaw(socket, HALF);
    await send("GET", "/health");
    await stop();
    assert.match(await slow, /^HTTP\/1\.1 503 [^]*{"error": "The server is stopping"}$/);
  }, { drainMs: 50 }));
