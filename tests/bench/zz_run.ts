import { testCertificates } from "../support/certificates.ts";
const directory = await Deno.makeTempDir();
const { ca, cert, key } = await testCertificates();
await Deno.writeTextFile(directory + "/server.pem", cert);
await Deno.writeTextFile(directory + "/server.key", key);
await Deno.writeTextFile(
  "/tmp/prof/main.ts",
  `import "/tmp/wt/i7s/tests/bench/secrets_server.ts"; setTimeout(() => Deno.exit(0), 9000);`,
);
await Deno.copyFile("/tmp/prof/main.ts", "/tmp/wt/i7s/tests/bench/zz_main.ts");
const p = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "-A",
    "--no-check",
    "--cpu-prof",
    "--cpu-prof-dir=/tmp/prof",
    "--quiet",
    "/tmp/wt/i7s/tests/bench/zz_main.ts",
    directory,
    directory,
  ],
  stdin: "null",
  stdout: "piped",
}).spawn();
let text = "";
let port = 0, token = "";
for await (const part of p.stdout.pipeThrough(new TextDecoderStream())) {
  text += part;
  const m = /port (\d+)\ntoken (\S+)\n/.exec(text);
  if (m) {
    port = +m[1];
    token = m[2];
    break;
  }
}
const path = Deno.args[0];
const enc = new TextEncoder();
const conns = await Promise.all(
  Array.from({ length: 8 }, () => Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] })),
);
async function call(c: Deno.TlsConn, r: string) {
  await c.write(enc.encode(r));
  const b = new Uint8Array(65536);
  const n = await c.read(b);
  if (n === null) throw new Error("x");
  const t = new TextDecoder().decode(b.subarray(0, n));
  if (!t.startsWith("HTTP/1.1 20")) throw new Error(t);
}
const body = JSON.stringify({ name: "bench/s1", kind: "manual", value: "v".repeat(64) });
await call(
  conns[0],
  `POST /v1/secrets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const started = performance.now();
let n = 0;
await Promise.all(conns.map(async (c) => {
  while (performance.now() - started < 6000) {
    await call(c, `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
    n++;
  }
}));
console.log(n, n / 6, "per s");
await p.status;
await Deno.writeTextFile("/tmp/prof/n", String(n));
Deno.exit(0);
