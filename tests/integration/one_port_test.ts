import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { ROOT } from "../support/paths.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const ROUNDS = 15;
const HEALTH = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
const hasCurl = await run("curl", ["--version"]).then(() => true, () => false);

Deno.test({
  name: "curl, a browser, reflection and gRPC share the port under load, and none starves another",
  ignore: !hasCurl,
  fn: async () => {
    await using vault = await TestVault.start();
    const token = await vault.issueToken("alice"), url = `https://localhost:${vault.port}/health`;
    await vault.cli("role", "update", "--name", "admin", "--rate-limit", "1000000/60s");
    using rpc = new VaultClient(`localhost:${vault.port}`, vault.ca);
    using reflection = new Reflection(vault);
    const large = "A".repeat(10 << 20);
    const clients: Record<string, () => Promise<void>> = {
      call: async () => assert.equal((await rpc.getPublicKey({ token })).error, ""),
      reflection: async () => assert.ok((await reflection.services()).includes("rune.vault.v1.VaultService")),
      curl: async () => {
        const { stdout } = await run("curl", ["-sS", "--cacert", join(vault.dir, "certs/ca.pem"), url]);
        assert.equal(JSON.parse(stdout).status, "healthy");
      },
    };
    const browser = await Promise.all(Array.from({ length: 6 }, () => KeptAlive.open(vault)));
    browser.forEach((connection, i) => clients[`connection ${i + 1} of the browser`] = () => connection.get());
    let isLoaded = true, largeCalls = 0;
    const load = Promise.all(Array.from({ length: 2 }, async () => {
      for (; isLoaded; largeCalls++) {
        const { error } = await rpc.decryptScores({ token, encrypted_blob_b64: large, top_k: 1 });
        assert.match(error, /Deserialization failed/);
      }
    }));
    // Each gets its rounds while all others go on with theirs.
    const done: Record<string, number> = Object.fromEntries(Object.keys(clients).map((name) => [name, 0]));
    const everyone = () => Object.values(done).every((rounds) => rounds >= ROUNDS);
    const until = performance.now() + 90_000;
    await Promise.all(
      Object.entries(clients).map(async ([name, call]) => {
        for (; !everyone() && performance.now() < until; done[name]++) await call();
      }),
    );
    isLoaded = false;
    await load;
    for (const [name, rounds] of Object.entries(done)) assert.ok(rounds >= ROUNDS, `${name}: ${rounds} rounds`);
    assert.ok(largeCalls > 0);
    for (const connection of browser) connection[Symbol.dispose]();
  },
});

Deno.test("a request that comes while the vault drains is told so, on a connection that was open", async () => {
  await using vault = await TestVault.start();
  using connection = await KeptAlive.open(vault);
  await connection.get();
  // Half a request keeps the connection from being closed as idle.
  await connection.send(HEALTH.slice(0, 10));
  await new Promise((resolve) => setTimeout(resolve, 100)); // nothing tells when the bytes are there
  const stopped = vault.stop();
  await vault.says("draining");
  const answer = await connection.ask(HEALTH.slice(10));
  assert.match(answer, /^HTTP\/1\.1 503 [^]*connection: close\r\n/i);
  assert.equal(JSON.parse(answer.split("\r\n\r\n")[1]).status, "draining");
  assert.equal((await stopped).code, 0);
});

Deno.test("server.http.enable: false leaves gRPC alone on the port", async () => {
  await using vault = await TestVault.create();
  const text = await Deno.readTextFile(vault.config);
  await Deno.writeTextFile(vault.config, text.replace("server: {", "server: {http: {enable: false}, "));
  await vault.start();
  using rpc = new VaultClient(`localhost:${vault.port}`, vault.ca);
  assert.equal((await refusalOf(rpc.getPublicKey({ token: "evt_".padEnd(36, "0") }))).code, "UNAUTHENTICATED");
  using client = Deno.createHttpClient({ caCerts: [vault.ca], http2: false });
  await assert.rejects(fetch(`https://localhost:${vault.port}/health`, { client }));
});

/** One of the connections of a browser: it offers both protocols and asks again and again. */
class KeptAlive implements Disposable {
  private constructor(readonly socket: TLSSocket) {}

  static async open({ port, ca }: TestVault): Promise<KeptAlive> {
    const socket = connect({ host: "localhost", port, ca, ALPNProtocols: ["h2", "http/1.1"] });
    await once(socket, "secureConnect");
    assert.equal(socket.alpnProtocol, "http/1.1");
    return new KeptAlive(socket);
  }

  send(text: string): Promise<void> {
    return new Promise((resolve, reject) => this.socket.write(text, (error) => error ? reject(error) : resolve()));
  }

  /** Sends, and returns the whole answer, which is short. */
  async ask(text: string): Promise<string> {
    const answered = once(this.socket, "data");
    await this.send(text);
    let answer = String((await answered)[0]);
    while (!/\r\n\r\n[^]/.test(answer)) answer += String((await once(this.socket, "data"))[0]);
    return answer;
  }

  async get(): Promise<void> {
    assert.match(await this.ask(HEALTH), /^HTTP\/1\.1 200 [^]*"fhe_keys_loaded":true/);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Asks as grpcurl does: which services are there? */
class Reflection implements Disposable {
  readonly #client: grpc.Client;

  constructor({ port, ca }: TestVault) {
    const definition = loadSync("grpc/reflection/v1/reflection.proto", {
      includeDirs: [`${ROOT}proto`],
      keepCase: true,
      oneofs: true,
    });
    const packages = grpc.loadPackageDefinition(definition) as unknown as {
      grpc: { reflection: { v1: { ServerReflection: grpc.ServiceClientConstructor } } };
    };
    const credentials = grpc.credentials.createSsl(Buffer.from(ca));
    this.#client = new packages.grpc.reflection.v1.ServerReflection(`localhost:${port}`, credentials);
  }

  services(): Promise<string[]> {
    const { ServerReflectionInfo } = this.#client as unknown as Record<
      string,
      () => grpc.ClientDuplexStream<object, Services>
    >;
    const call = ServerReflectionInfo.call(this.#client);
    return new Promise((resolve, reject) => {
      call.on("data", (answer: Services) => resolve(answer.list_services_response.service.map(({ name }) => name)));
      call.on("error", reject);
      call.write({ list_services: "" });
      call.end();
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

interface Services {
  readonly list_services_response: { readonly service: readonly { readonly name: string }[] };
}
