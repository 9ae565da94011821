import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bindPathOf } from "./admin_server.ts";
import { prepareBind, removeBindDirectory } from "./private_socket.ts";
import { send, withAdmin } from "./testing.ts";

const modeOf = (path: string) => Deno.lstatSync(path).mode! & 0o777;
const names = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

Deno.test("bindPathOf() names the path that the net permission is needed for", () => {
  assert.equal(bindPathOf("/opt/rune-vault/admin.sock"), "/opt/rune-vault/.admin.sock.bind/admin.sock");
});

Deno.test("admin socket has mode 0600 in a new directory of mode 0700, with nothing beside it", () =>
  withAdmin(({ socket, directory }) => {
    assert.ok(Deno.lstatSync(socket).isSocket);
    assert.deepEqual([modeOf(socket), modeOf(join(directory, "run"))], [0o600, 0o700]);
    assert.deepEqual(names(join(directory, "run")), ["admin.sock"]);
    return Promise.resolve();
  }));

Deno.test("the directory to bind in is closed to others before there is a socket in it", () => {
  const directory = Deno.makeTempDirSync();
  try {
    prepareBind(join(directory, "admin.sock"));
    assert.equal(modeOf(join(directory, ".admin.sock.bind")), 0o700);
    removeBindDirectory(join(directory, "admin.sock"));
    assert.deepEqual(names(directory), []);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

for (
  const { name, leave } of [
    { name: "a regular file", leave: (path: string) => Deno.writeTextFileSync(path, "x") },
    { name: "a socket without a listener", leave: (path: string) => Deno.listen({ transport: "unix", path }).close() },
    { name: "an empty directory", leave: (path: string) => Deno.mkdirSync(path) },
    { name: "a dangling link", leave: (path: string) => Deno.symlinkSync("/nowhere", path) },
    {
      name: "a bind directory of a crash",
      leave: (path: string) => {
        Deno.mkdirSync(bindPathOf(path), { recursive: true, mode: 0o777 });
      },
    },
  ]
) {
  Deno.test(`admin socket takes the place of ${name}`, async () => {
    const directory = Deno.makeTempDirSync();
    const socket = join(directory, "admin.sock");
    leave(socket);
    await withAdmin(async () => {
      assert.equal((await send(socket, "GET", "/health")).status, 200);
      assert.deepEqual([modeOf(socket), names(directory)], [0o600, ["admin.sock"]]);
    }, { socket });
    assert.deepEqual(names(directory), [], "removed on stop");
    Deno.removeSync(directory);
  });
}

for (
  const { name, prepare, want } of [
    {
      name: "a directory that is not empty lies in its place",
      prepare: (run: string) => Deno.mkdirSync(join(run, "admin.sock", "x"), { recursive: true }),
      want: /^Error: admin socket .*admin\.sock: what is in its place cannot be removed: /,
    },
    {
      name: "the parent is a file",
      prepare: (run: string) => Deno.writeTextFileSync(run, "x"),
      want: /AlreadyExists|NotADirectory/,
    },
  ]
) {
  Deno.test(`admin server does not start when ${name}, and leaves nothing behind`, async () => {
    const directory = Deno.makeTempDirSync();
    const run = join(directory, "run");
    prepare(run);
    await assert.rejects(withAdmin(() => Promise.resolve(), { socket: join(run, "admin.sock") }), want);
    if (Deno.statSync(run).isDirectory) assert.deepEqual(names(run), ["admin.sock"]);
    Deno.removeSync(directory, { recursive: true });
  });
}

Deno.test("admin server says that the path is too long instead of binding a shortened one", async () => {
  const socket = join("/tmp", "d".repeat(100), "admin.sock");
  await assert.rejects(
    withAdmin(() => Promise.resolve(), { socket }),
    /admin socket .*: the path is too long by 26 bytes/,
  );
});

Deno.test("stop() removes the socket once and twice does no harm", () =>
  withAdmin(async ({ socket, stop }) => {
    await Promise.all([stop(), stop()]);
    await assert.rejects(send(socket, "GET", "/health"));
    assert.throws(() => Deno.lstatSync(socket), Deno.errors.NotFound);
  }));

Deno.test("stop() leaves a later daemon's socket in place", () =>
  withAdmin(({ socket, stop }) =>
    withAdmin(async () => {
      await stop();
      assert.equal((await send(socket, "GET", "/health")).status, 200);
    }, { socket })
  ));

Deno.test("stop() lets a call in flight end", () =>
  withAdmin(async ({ send, store, service, stop }) => {
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const issued = send("POST", "/tokens", { user: "alice", role: "member" });
    while (service.listTokens().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const stopped = stop();
    gate.resolve();
    assert.equal((await issued).status, 201);
    await stopped;
    assert.deepEqual(store.users(), ["alice"]);
  }));

Deno.test("stop() ends although a change never does, and a client never reads", () =>
  withAdmin(async ({ socket, store, service, stop }) => {
    store.gate = new Promise(() => {});
    const stuck = assert.rejects(send(socket, "POST", "/tokens", { user: "stuck", role: "member" }));
    while (service.listTokens().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    using deaf = await Deno.connect({ transport: "unix", path: socket });
    await deaf.write(new TextEncoder().encode("GET /roles HTTP/1.1\r\nHost: admin\r\n\r\n".repeat(5000)));
    await stop();
    await stuck;
  }, { drainMs: 20 }));

const PYTHON = "/usr/bin/python3";
/** Becoming somebody else takes root. */
const ignore = Deno.uid() !== 0 || !existsSync(PYTHON);

Deno.test({
  name: "another OS user cannot connect, even where the directory is open to all",
  ignore,
  fn: () =>
    withAdmin(async ({ socket, directory }) => {
      Deno.chmodSync(directory, 0o755);
      Deno.chmodSync(join(directory, "run"), 0o777);
      const script = "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);print('connected')";
      const run = async (args: string[]) => {
        const { stdout, stderr } = await new Deno.Command(args[0], { args: args.slice(1) }).output();
        return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      };
      const python = [PYTHON, "-c", script, socket];
      assert.match(await run(python), /connected/, "the owner can");
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      assert.match(await run([...nobody, ...python]), /PermissionError/);
    }),
});

Deno.test({
  name: "another OS user cannot connect at any instant of a start, with umask 0 in a directory open to all",
  ignore,
  fn: async () => {
    const directory = Deno.makeTempDirSync();
    Deno.chmodSync(directory, 0o777);
    const fixture = (name: string) => join(import.meta.dirname!, "testdata", name);
    const probe = new Deno.Command(PYTHON, {
      args: [fixture("connect_as_nobody.py"), directory],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const start = 'umask 0; exec "$0" run -A "$1" "$2" 20';
      const args = ["-c", start, Deno.execPath(), fixture("start_repeatedly.ts"), join(directory, "admin.sock")];
      assert.ok((await new Deno.Command("/bin/sh", { args }).output()).success);
    } finally {
      await probe.stdin.close();
    }
    const { stdout } = await probe.output();
    const { connected, refused } = JSON.parse(new TextDecoder().decode(stdout));
    assert.equal(connected, 0);
    assert.ok(refused >= 20, `refused ${refused} times`);
    Deno.removeSync(directory, { recursive: true });
  },
});
