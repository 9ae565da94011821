import assert from "node:assert/strict";
import { unixHttp } from "./unix_http.ts";

/** Runs a test against a socket that answers each connection with these bytes, whatever is asked. */
async function withAnswer(answer: string | undefined, test: (path: string, asked: () => string) => Promise<void>) {
  const directory = Deno.makeTempDirSync(), path = `${directory}/s`;
  const listener = Deno.listen({ transport: "unix", path });
  let asked = "";
  const serving = (async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(65_536), count = await connection.read(buffer) ?? 0;
      asked += new TextDecoder().decode(buffer.subarray(0, count));
      if (answer !== undefined) await connection.write(new TextEncoder().encode(answer));
      if (answer !== undefined) connection.close();
    }
  })();
  try {
    await test(path, () => asked);
  } finally {
    listener.close();
    await serving;
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("unixHttp() sends the target as it is and gives status, headers and text", () =>
  withAnswer("HTTP/1.1 201 Created\r\nContent-Length: 3\r\nX-A: b\r\n\r\nü!", async (path, asked) => {
    const { status, headers, text } = await unixHttp(path, { method: "POST", target: "/a/../b%2f?c", body: "ö" });
    assert.deepEqual([status, headers.get("x-a"), text], [201, "b", "ü!"]);
    assert.equal(
      asked(),
      "POST /a/../b%2f?c HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 2\r\n\r\nö",
    );
  }));

for (
  const { name, answer } of [
    { name: "nothing", answer: "" },
    { name: "half a head", answer: "HTTP/1.1 200 OK\r\nContent-" },
    { name: "half a body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" },
    { name: "no HTTP", answer: "220 smtp.example ESMTP\r\n\r\n" },
  ]
) {
  Deno.test(`unixHttp() refuses an answer of ${name}`, () =>
    withAnswer(
      answer,
      (path) => assert.rejects(unixHttp(path, { method: "GET", target: "/" }), /the answer was cut off/),
    ));
}

Deno.test("unixHttp() gives up when it is told to", () =>
  withAnswer(undefined, async (path) => {
    const control = new AbortController();
    const answer = unixHttp(path, { method: "GET", target: "/", signal: control.signal });
    control.abort(new Error("enough"));
    await assert.rejects(answer, { message: "enough" });
  }));
