import assert from "node:assert/strict";
import { HttpFixture } from "./testing.ts";
import { errorReply, type HttpReply, type HttpRequest, type HttpSurface, jsonReply } from "./mod.ts";

/** Tells what it was asked; its other paths misbehave. */
class Echo implements HttpSurface {
  readonly paths: string[] = [];
  readonly held = Promise.withResolvers<void>();

  owns(path: string): boolean {
    return path.startsWith("/echo") || path.startsWith("/fail") || path === "/held" || path === "/split";
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    this.paths.push(request.path);
    if (request.path === "/fail") throw new Error("canary-in-the-reason");
    if (request.path === "/held") await this.held.promise;
    if (request.path === "/split") return jsonReply(200, {}, { location: `/a${request.query.get("to")}` });
    const { method, path, query, peerAddress } = request;
    const body = method === "POST" ? new TextDecoder().decode(await request.body(10)) : undefined;
    const token = request.header("authorization");
    return jsonReply(200, { method, path, query: [...query], peerAddress, token, body });
  }
}

const GET = (target: string, extra = "") => `GET ${target} HTTP/1.1\r\nHost: a\r\n${extra}Connection: close\r\n\r\n`;
const POST = (body: string, extra = "") =>
  `POST /echo HTTP/1.1\r\nHost: a\r\n${extra}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const CHUNKED = (chunks: string, coding = "chunked") =>
  `POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n${chunks}`;
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4);

for (
  const { name, request, want, error } of [
    { name: "a path", request: GET("/echo"), want: 200 },
    { name: "a path that nobody owns", request: GET("/nope"), want: 404, error: "not found" },
    { name: "a path with // in front", request: GET("//echo"), want: 404, error: "not found" },
    { name: "the absolute form", request: GET("http://a/echo"), want: 400, error: "the request target is not a path" },
    { name: "the asterisk form", request: GET("*"), want: 400 },
    { name: "a fragment", request: GET("/echo#x"), want: 400 },
    { name: "NUL in the target", request: GET("/echo\0"), want: 400, error: "this is not an HTTP/1.1 request" },
    { name: "overlong UTF-8 in the target", request: GET("/echo\xc0\xae"), want: 400 },
    { name: "a long target", request: GET(`/echo${"a".repeat(8_200)}`), want: 414 },
    { name: "a head of more than 16 KiB", request: GET("/echo", `X: ${"a".repeat(20_000)}\r\n`), want: 431 },
    {
      name: "100 headers and more",
      request: GET("/echo", "X: a\r\n".repeat(100)),
      want: 431,
      error: "too many headers",
    },
    { name: "two Host headers", request: GET("/echo", "Host: b\r\n"), want: 400 },
    { name: "two Authorization headers", request: GET("/echo", "Authorization: a\r\nauthorization: b\r\n"), want: 400 },
    { name: "a length and chunks", request: POST("a", "Transfer-Encoding: chunked\r\n"), want: 400 },
    {
      name: "a body of another transfer coding",
      request: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      want: 501,
      error: "of transfer codings only chunked is understood",
    },
    { name: "two lengths", request: POST("abc", "Content-Length: 1\r\n"), want: 400 },
    {
      name: "no HTTP at all",
      request: "\x00\x01\x02\x03\r\n\r\n",
      want: 400,
      error: "this is not an HTTP/1.1 request",
    },
    { name: "lines that end in LF", request: "GET /echo HTTP/1.1\nHost: a\n\n", want: 400 },
    { name: "version 2.0 in words", request: "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n", want: 505 },
    { name: "an expectation of anything else", request: POST("a", "Expect: bogus\r\n"), want: 417 },
    { name: "a body that fits", request: POST("0123456789"), want: 200 },
    { name: "a longer body", request: POST("0123456789a"), want: 413, error: "the body is longer than 10 bytes" },
    {
      name: "longer chunks",
      request: "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "b\r\n0123456789a\r\n0\r\n\r\n",
      want: 413,
    },
    { name: "a handler that throws", request: GET("/fail"), want: 500, error: "internal error" },
    {
      name: "a handler that puts lines into a header",
      request: GET("/split?to=%0d%0aset-cookie:%20canary%0d%0a%0d%0a"),
      want: 500,
      error: "internal error",
    },
    { name: "a header that goes on in a second line", request: GET("/echo", "X: a\r\n b\r\n"), want: 400 },
    { name: "a space before a header's colon", request: GET("/echo", "X : a\r\n"), want: 400 },
    { name: "a header without a name", request: GET("/echo", ": a\r\n"), want: 400 },
    { name: "a bare CR in a header", request: GET("/echo", "X: a\rb\r\n"), want: 400 },
    { name: "a length with a sign", request: GET("/echo", "Content-Length: +1\r\n"), want: 400 },
    { name: "lengths in a list", request: GET("/echo", "Content-Length: 1, 1\r\n"), want: 400 },
    {
      name: "a coding with a control character before it",
      request: CHUNKED("1\r\na\r\n0\r\n\r\n", "\vchunked"),
      want: 400,
    },
    { name: "no Host", request: "GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n", want: 400 },
    { name: "HTTP/1.0 without Host", request: "GET /echo HTTP/1.0\r\n\r\n", want: 200 },
    {
      name: "an upgrade to a websocket as if none were asked for",
      request: GET("/echo", "Upgrade: websocket\r\nConnection: upgrade\r\n"),
      want: 200,
    },
    { name: "chunks", request: CHUNKED("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), want: 200 },
  ]
) {
  Deno.test(`HttpServer answers ${name} with ${want}`, async () => {
    await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
    const answer = await fixture.exchange(request);
    assert.equal(statusOf(answer), want, answer);
    assert.match(answer, /x-content-type-options: nosniff\r\n/i);
    assert.match(answer, /cache-control: no-store\r\n/i);
    assert.doesNotMatch(answer, /canary|\r\nserver:/i);
    if (want !== 200) assert.deepEqual(Object.keys(JSON.parse(bodyOf(answer))), ["error"]);
    if (error) assert.equal(JSON.parse(bodyOf(answer)).error, error);
  });
}

for (
  const { name, request } of [
    { name: "a coding that is not chunked", request: CHUNKED("", "x") },
    { name: "a chunk length that is no number", request: CHUNKED("0x1\r\na\r\n0\r\n\r\n") },
    { name: "a chunk longer than it says", request: CHUNKED("1\r\nab\r\n0\r\n\r\n") },
    { name: "chunks that end in LF", request: CHUNKED("1\na\n0\n\n") },
  ]
) {
  Deno.test(`HttpServer closes the connection on ${name}, and never answers what follows`, async () => {
    const echo = new Echo();
    await using fixture = await HttpFixture.start({ surfaces: [echo] });
    const answer = await fixture.exchange(request.replace("Connection: close\r\n", ""), GET("/echo/smuggled"));
    assert.doesNotMatch(answer, /200 OK|smuggled/);
    assert.equal(echo.paths.includes("/echo/smuggled"), false);
  });
}

Deno.test("HttpServer leads to no other host", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  assert.doesNotMatch(await fixture.exchange("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", GET("/echo")), /200/);
});

Deno.test("HttpServer answers HEAD without a body, and what follows", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  const answer = await fixture.exchange("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n", GET("/echo/next"));
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^{]*\r\n\r\nHTTP\/1\.1 200 OK\r\n[^{]*\{[^{]*"\/echo\/next"/);
});

Deno.test("HttpServer lets a client go that does not wait for its answer", async () => {
  const echo = new Echo();
  await using fixture = await HttpFixture.start({ surfaces: [echo] });
  for (const next of ["", "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"]) {
    echo.paths.length = 0;
    const connection = fixture.connect();
    connection.send(`GET /held HTTP/1.1\r\nHost: a\r\n\r\n${next}`);
    await waitFor(() => echo.paths.includes("/held"));
    connection.close();
    await waitFor(() => fixture.connections === 0);
  }
  echo.held.resolve();
  assert.equal(statusOf(await fixture.exchange(GET("/echo"))), 200);
  assert.deepEqual(fixture.logged, []);
});

Deno.test("HttpServer hands the path on undecoded, and the rest of the request as it was sent", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  const answer = await fixture.exchange(GET("/echo/%2e%2e/%2F/../a//b%00?x=1&x=%20", "Authorization: Bearer t\r\n"));
  assert.deepEqual(JSON.parse(bodyOf(answer)), {
    method: "GET",
    path: "/echo/%2e%2e/%2F/../a//b%00",
    query: [["x", "1"], ["x", " "]],
    peerAddress: "127.0.0.1",
    token: "Bearer t",
  });
});

Deno.test("HttpServer answers pipelined requests in their order, and cuts who sends too many at once", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  const answer = await fixture.exchange(
    Array.from({ length: 10 }, (_, i) => `GET /echo${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join("") + GET("/echo10"),
  );
  const paths = [...answer.matchAll(/"path":"([^"]*)"/g)].map(([, path]) => path);
  assert.deepEqual(paths, Array.from({ length: 11 }, (_, i) => `/echo${i}`));
  const flood = "GET /held HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
  assert.equal(await fixture.exchange(flood), "");
});

Deno.test("HttpServer gives up a body that does not come, and a body that is cut off", async () => {
  const echo = new Echo();
  await using fixture = await HttpFixture.start({ surfaces: [echo], times: { bodyMs: 20 } });
  const answer = await fixture.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  assert.equal(statusOf(answer), 408);
  assert.match(answer, /connection: close\r\n/i);
  const connection = fixture.connect();
  connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  connection.close();
  await waitFor(() => fixture.connections === 0);
  assert.deepEqual(fixture.logged, []);
});

Deno.test("HttpServer tells that an answer can be wiped, sent or not, and only then", async () => {
  const asked = Promise.withResolvers<void>(), held = Promise.withResolvers<void>(), sent: string[] = [];
  const big = 5_000_000;
  const surface: HttpSurface = {
    owns: () => true,
    async handle({ path }) {
      const body = new Uint8Array(big).fill(0x61);
      if (path === "/held") {
        asked.resolve();
        await held.promise;
      }
      return { status: 200, body, onSent: () => void (sent.push(path), body.fill(0)) };
    },
  };
  await using fixture = await HttpFixture.start({ surfaces: [surface] });
  const whole = await fixture.exchange(GET("/whole"));
  assert.equal(bodyOf(whole), "a".repeat(big));
  assert.deepEqual(sent, ["/whole"]);
  const half = fixture.connect();
  half.send(GET("/half"));
  await half.until("200 OK");
  half.close();
  await waitFor(() => sent.includes("/half"));
  const gone = fixture.connect();
  gone.send(GET("/held"));
  await asked.promise;
  gone.close();
  await waitFor(() => fixture.connections === 0);
  held.resolve();
  await waitFor(() => sent.includes("/held"));
});

Deno.test("HttpServer asks for a body only when a handler wants it", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  const head = (target: string, length: number) =>
    `POST ${target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  const taken = fixture.connect();
  taken.send(head("/echo", 3));
  await taken.until("HTTP/1.1 100 Continue");
  taken.send("abc");
  assert.match(await taken.until('"body":"abc"'), /200 OK/);
  taken.close();
  for (const [target, length, want] of [["/nope", 3, 404], ["/echo", 1_000_000_000, 413]] as const) {
    const answer = await fixture.exchange(head(target, length));
    assert.equal(statusOf(answer), want);
    assert.doesNotMatch(answer, /100 Continue/);
  }
});

Deno.test("HttpServer never takes a body that nobody read for the next request", async () => {
  const echo = new Echo();
  await using fixture = await HttpFixture.start({ surfaces: [echo] });
  const inner = GET("/echo/smuggled");
  const head = (length: number) => `POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
  assert.equal(statusOf(await fixture.exchange(head(inner.length), inner, GET("/echo"))), 404);
  const long = "x".repeat(300_000) + inner;
  assert.equal(statusOf(await fixture.exchange(head(long.length), long, GET("/echo"))), 404);
  assert.ok(echo.paths.every((path) => path === "/echo"), echo.paths.join());
});

Deno.test("HttpServer drops few long bodies a second: more close their connections, short ones do not", async () => {
  const surface: HttpSurface = { owns: () => true, handle: () => Promise.resolve(errorReply(401, "no")) };
  await using fixture = await HttpFixture.start({ surfaces: [surface] });
  const head = (length: number) => `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
  const answersTo = async (length: number) =>
    (await fixture.exchange(head(length), "x".repeat(length), GET("/y"))).match(/HTTP\/1\.1 401/g)?.length;
  for (let i = 0; i < 16; i++) assert.equal(await answersTo(300_000), 2);
  assert.equal(await answersTo(300_000), 1);
  assert.equal(await answersTo(60_000), 2);
  fixture.clock.time += 1_000;
  assert.equal(await answersTo(300_000), 2);
});

Deno.test("HttpServer drops the rest of a body that was too long in chunks, and goes on", async () => {
  const refused = Promise.withResolvers<void>();
  const surface: HttpSurface = {
    owns: () => true,
    async handle(request) {
      if (request.method === "POST") await request.body(10).finally(refused.resolve);
      return jsonReply(200, {});
    },
  };
  await using fixture = await HttpFixture.start({ surfaces: [surface] });
  const connection = fixture.connect();
  connection.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n");
  await refused.promise;
  connection.send(`1\r\nb\r\n0\r\n\r\n${GET("/next")}`);
  assert.match(await connection.rest(), /^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 /);
});

Deno.test("HttpServer cuts half a head after its time, and an idle connection after a longer one", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  const slow = fixture.connect();
  slow.send("GET /echo HTTP/1.1\r\nHost: a\r\n");
  const idle = fixture.connect();
  idle.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  await idle.until('"peerAddress"');
  await waitFor(() => fixture.connections === 2);
  const passUntil = (open: number) =>
    waitFor(() => {
      if (fixture.connections > open) fixture.clock.time += 1_000;
      return fixture.connections === open;
    });
  await passUntil(1);
  assert.equal(await slow.rest(), "");
  assert.ok(fixture.clock.time > 10_000 && fixture.clock.time < 60_000, `${fixture.clock.time}`);
  await passUntil(0);
  assert.match(await idle.rest(), /200 OK/);
  assert.ok(fixture.clock.time > 75_000);
});

Deno.test("HttpServer cuts a client that does not take its answer, before it works on the next request", async () => {
  let asked = 0;
  const large: HttpSurface = {
    owns: () => true,
    handle: () => Promise.resolve({ status: 200, body: new Uint8Array(20_000_000 * ++asked) }), // more than kernels hold
  };
  await using fixture = await HttpFixture.start({ surfaces: [large], times: { takeMs: 50 } });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: fixture.number });
  await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10)));
  await waitFor(() => asked > 0);
  await waitFor(() => fixture.connections === 0);
  assert.equal(asked, 1);
});

Deno.test("HttpServer.stop() closes idle connections, answers requests in flight and half-sent ones", async () => {
  const echo = new Echo();
  await using fixture = await HttpFixture.start({ surfaces: [echo] });
  const idle = fixture.connect(), busy = fixture.connect(), half = fixture.connect();
  idle.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  await idle.until("200 OK");
  busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  await waitFor(() => echo.paths.includes("/held"));
  half.send("GET /echo/half HTTP/1.1\r\n");
  await half.until("").then(() => waitFor(() => fixture.connections === 3));
  await new Promise((resolve) => setTimeout(resolve, 20)); // its bytes are on the way: nothing tells when they are there
  const stopped = fixture.http.stop();
  assert.match(await idle.rest(), /keep-alive/);
  half.send("Host: a\r\n\r\n");
  assert.match(await half.rest(), /200 OK[^]*connection: close/i);
  echo.held.resolve();
  assert.match(await busy.rest(), /200 OK[^]*connection: close/i);
  await stopped;
});

Deno.test("HttpServer tells the log why a handler failed", async () => {
  await using fixture = await HttpFixture.start({ surfaces: [new Echo()] });
  await fixture.exchange(GET("/fail"));
  assert.deepEqual(fixture.logged, ["http: canary-in-the-reason"]);
  assert.equal(errorReply(500, "x").body, '{"error":"x"}\n');
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
