import assert from "node:assert/strict";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { findProgram } from "../../ffi/build.ts";
import { makePackage } from "../../src/release/package.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { SystemRoot } from "./system_root.ts";
import { canMakeRoots, EmptyRoot } from "./empty_root.ts";

const VALUES = { version: "v9.8.7", commit: "0123456789ab", date: "2026-11-22" };
const NAME = `runevault_v9.8.7_${Deno.build.os}_${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}`;
const canIsolate = await canMakeRoots();
/** install.sh gives files to another user. */
const cannotInstall = Deno.uid() !== 0 || findProgram("useradd") === undefined || findProgram("setpriv") === undefined;

let work: string, unpacked: string;

Deno.test.beforeAll(async () => {
  work = await Deno.makeTempDir({ prefix: "rv-package-" });
  const archive = await makePackage({ values: VALUES, output: join(work, "dist") });
  const { code, stderr } = await run("tar", ["-xzf", archive, "-C", work]);
  assert.equal(code, 0, stderr);
  unpacked = join(work, NAME);
});

Deno.test.afterAll(() => Deno.remove(work, { recursive: true }));

Deno.test("deno task package writes an archive whose checksums, outside and inside, are right", async () => {
  const text = new TextDecoder().decode(Deno.readFileSync(join(work, "dist/SHA256SUMS")));
  assert.match(text, new RegExp(`^[0-9a-f]{64}  ${NAME}\\.tar\\.gz\\n$`));
  for (const folder of [join(work, "dist"), unpacked]) {
    const { code, stdout, stderr } = await run("sh", ["-c", `cd '${folder}' && sha256sum -c --strict SHA256SUMS`]);
    assert.equal(code, 0, stdout + stderr);
  }
});

Deno.test("deno task package puts all that an install needs into the archive, and nothing of a source tree", async () => {
  const { stdout } = await run("sh", ["-c", `cd '${unpacked}' && find . -type f | sort`]);
  const files = stdout.trim().split("\n").map((path) => path.slice(2));
  const modules = files.filter((path) => /^js\/[\w-]+\.js$/.test(path));
  assert.ok(modules.length > 5 && modules.includes("js/main.js"));
  assert.deepEqual(files.filter((path) => !modules.includes(path) && !path.startsWith("proto/")), [
    "DEPENDENCIES.md",
    "LICENSE",
    "README.md",
    "SHA256SUMS",
    "THIRD_PARTY_LICENSES",
    "VERSION",
    "bin/deno",
    "bin/runevault",
    "configs/com.cryptolabinc.runevault.plist",
    "configs/grafana/runevault.json",
    "configs/policies.yml.example",
    "configs/prometheus/alerts.yml",
    "configs/prometheus/alerts_test.yml",
    "configs/runevault.conf.example",
    "configs/runevault.service",
    "install.sh",
    "js/launch/plan.js",
    "lib/libenvector.so",
  ]);
  assert.ok(files.includes("proto/vault_service.proto"));
  const { mode } = await Deno.stat(join(unpacked, "bin/runevault"));
  assert.equal(mode! & 0o777, 0o755);
});

Deno.test("the packaged runevault says its version, through a symbolic link and from elsewhere too", async () => {
  const link = join(work, "a link");
  await Deno.symlink(join(unpacked, "bin/runevault"), link);
  const { code, stdout, stderr } = await run("sh", ["-c", `cd / && '${link}' version`]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^runevault v9\.8\.7 \(commit 0123456789ab, built 2026-11-22, \w+\/\w+, deno [\d.]+\)\n$/);
});

Deno.test({
  name: "the package is all that an empty machine without a network needs: init, start, token issue, status, stop",
  ignore: !canIsolate,
  async fn() {
    await using root = await EmptyRoot.create([join(unpacked, "bin/deno"), join(unpacked, "lib/libenvector.so")]);
    await Deno.rename(unpacked, join(root.path, "package"));
    try {
      const { code, stdout, stderr } = await root.run(USE);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^ *Token: evt_[0-9a-f]{32}$/m);
      assert.match(stdout, /^status 0$/m);
      assert.match(stdout, /^stopped 0$/m);
      assert.match(stdout, /serving gRPC on 127\.0\.0\.1:50051/);
    } finally {
      await Deno.rename(join(root.path, "package"), unpacked);
    }
  },
});

/** Without coreutils: only what a shell and sed can do. */
const USE = `
vault="/package/bin/runevault"
$vault init --dir /vault
sed -i 's/host: 0.0.0.0/host: 127.0.0.1/' /vault/configs/runevault.conf
vault="$vault --config /vault/configs/runevault.conf"
$vault daemon start 2>/tmp/log &
tries=0
while [ ! -S /vault/admin.sock ]; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] && kill -0 $! || { sed = /tmp/log; exit 1; }
  $vault version >/dev/null
done
$vault token issue --user alice --role member
$vault status && echo "status $?"
$vault daemon stop
wait $! && echo "stopped $?"
sed '' /tmp/log
`;

const install = (...args: string[]) => run("sh", [join(unpacked, "install.sh"), ...args]);

Deno.test({
  name: "install.sh lays out owners and modes, and again keeps all that cannot be made anew",
  ignore: cannotInstall,
  async fn() {
    await using root = await SystemRoot.create();
    const first = await install("--root", root.path);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    assert.match(first.stdout, /runevault v9\.8\.7 is installed in .*sudo systemctl enable --now runevault/s);
    for (const [path, owner, mode] of LAYOUT) {
      assert.deepEqual([path, ...root.ownerAndMode(path)], [path, owner, mode]);
    }
    assert.equal(
      Deno.readLinkSync(root.at("/usr/local/bin/runevault")),
      "/opt/rune-vault/app/bin/runevault",
    );
    await checkSecondRun(root);
    await checkUninstall(root);
  },
});

Deno.test({
  name: "the recovery drill with a package: restore, install.sh, and the service's user has all of it",
  ignore: cannotInstall,
  async fn() {
    await using vault = await TestVault.create({ library: "lib/libenvector.so" });
    for (const name of ["roles: {}", "tokens: []"]) {
      await Deno.writeTextFile(join(vault.dir, `configs/${name.split(":")[0]}.yml`), `${name}\n`, { mode: 0o600 });
    }
    const key = join(work, "backup.key"), backup = join(work, "vault.age"), identity = await generateIdentity();
    await Deno.writeTextFile(key, identity, { mode: 0o600 });
    const recipient = await identityToRecipient(identity);
    const taken = await vault.cli("backup", "create", "--out", backup, "--recipient", recipient);
    assert.equal(taken.code, 0, taken.stderr);

    await using root = await SystemRoot.create();
    await Deno.mkdir(root.at("/opt"));
    const dir = root.at("/opt/rune-vault");
    const restore = (...flags: string[]) =>
      run(join(unpacked, "bin/runevault"), [
        ...["backup", "restore", backup, "--identity-file", key, "--dir", dir],
        ...flags,
      ]);
    const restored = await restore();
    assert.equal(restored.code, 0, restored.stderr);
    const second = await install("--root", root.path);
    assert.equal(second.code, 0, second.stdout + second.stderr);
    for (const [path, owner, mode] of RESTORED_LAYOUT) {
      assert.deepEqual([path, ...root.ownerAndMode(path)], [path, owner, mode]);
    }
    const config = Deno.readTextFileSync(root.at("/opt/rune-vault/configs/runevault.conf"));
    assert.equal(config, Deno.readTextFileSync(vault.config), "nothing was made anew");

    // A directory that holds the program is never moved aside: the service would lose it.
    const refused = await restore("--force");
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /rune-vault holds the program itself: run 'install\.sh --uninstall' first/);
    assert.equal((await install("--root", root.path, "--uninstall")).code, 0);
    assert.equal((await restore("--force")).code, 0);
    assert.equal((await install("--root", root.path)).code, 0);
    for (const [path, owner, mode] of RESTORED_LAYOUT) {
      assert.deepEqual([path, ...root.ownerAndMode(path)], [path, owner, mode]);
    }
  },
});

/** Owner `vault` is the account, with its group. */
const LAYOUT = [
  ["/opt/rune-vault", "root:vault", 0o1770],
  ["/opt/rune-vault/app", "root:root", 0o755],
  ["/opt/rune-vault/app/bin/deno", "root:root", 0o755],
  ["/opt/rune-vault/app/js/main.js", "root:root", 0o644],
  ["/opt/rune-vault/configs", "vault:vault", 0o700],
  ["/opt/rune-vault/configs/runevault.conf", "vault:vault", 0o600],
  ["/opt/rune-vault/configs/roles.yml", "vault:vault", 0o600],
  ["/opt/rune-vault/configs/tokens.yml", "vault:vault", 0o600],
  ["/opt/rune-vault/vault-keys", "vault:vault", 0o700],
  ["/opt/rune-vault/vault-keys/vault-key/SecKey.json", "vault:vault", 0o600],
  ["/opt/rune-vault/certs", "vault:vault", 0o700],
  ["/opt/rune-vault/certs/ca.key", "vault:vault", 0o600],
  ["/opt/rune-vault/certs/server.key", "vault:vault", 0o600],
  ["/opt/rune-vault/certs/ca.pem", "vault:vault", 0o644],
  ["/opt/rune-vault/lib/libenvector.so", "vault:vault", 0o500],
  ["/opt/rune-vault/logs", "vault:vault", 0o700],
  ["/etc/systemd/system/runevault.service", "root:root", 0o644],
] as const;
/** A test's vault has no key of a CA, and its certificate is everybody's. */
const RESTORED_LAYOUT = LAYOUT.filter(([path]) => !path.startsWith("/opt/rune-vault/certs/ca.") && !/logs$/.test(path));
const STATE = ["configs", "vault-keys", "certs", "logs"].map((folder) => `/opt/rune-vault/${folder}`);

/** An upgrade from a package with another library and another program, on which somebody has worked. */
async function checkSecondRun(root: SystemRoot): Promise<void> {
  const library = root.at("/opt/rune-vault/lib/libenvector.so");
  const packaged = root.at("/opt/rune-vault/app/lib/libenvector.so");
  const ours = Deno.readFileSync(library);
  Deno.writeTextFileSync(root.at("/opt/rune-vault/configs/tokens.yml"), "tokens: [] # edited\n");
  Deno.writeTextFileSync(root.at("/opt/rune-vault/logs/audit.log"), "{}\n");
  Deno.writeTextFileSync(root.at("/opt/rune-vault/app/js/main.js"), "an older one");
  Deno.writeTextFileSync(library, "the older package's");
  Deno.writeTextFileSync(packaged, "the older package's");
  const before = root.snapshot(STATE);
  const second = await install("--root", root.path);
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.deepEqual(root.snapshot(STATE), before);
  assert.deepEqual(Deno.readFileSync(library), ours);
  assert.notEqual(Deno.readTextFileSync(root.at("/opt/rune-vault/app/js/main.js")), "an older one");
  const another = new Uint8Array([...ours, 0]); // the loader does not mind
  Deno.writeFileSync(library, another);
  assert.equal((await install("--root", root.path)).code, 0);
  assert.deepEqual(Deno.readFileSync(library), another);
}

async function checkUninstall(root: SystemRoot): Promise<void> {
  const before = root.snapshot(STATE);
  for (let time = 0; time < 2; time++) {
    const { code, stdout, stderr } = await install("--root", root.path, "--uninstall");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Kept: .*configuration, keys, tokens/);
    assert.deepEqual(root.snapshot(STATE), before);
    for (const path of ["/opt/rune-vault/app", "/etc/systemd/system/runevault.service", "/usr/local/bin/runevault"]) {
      assert.throws(() => Deno.lstatSync(root.at(path)), Deno.errors.NotFound, path);
    }
  }
}

Deno.test({
  name: "install.sh --prefix writes the prefix into the unit, and --dry-run nothing at all",
  ignore: cannotInstall,
  async fn() {
    await using root = await SystemRoot.create();
    const before = root.snapshot(["/"]);
    const dry = await install("--root", root.path, "--prefix", "/srv/my-vault", "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^would run: .*chmod 1770 .*\/srv\/my-vault$/m);
    assert.deepEqual(root.snapshot(["/"]), before);
    const { code, stdout, stderr } = await install("--root", root.path, "--prefix=/srv/my-vault");
    assert.equal(code, 0, stdout + stderr);
    const unit = Deno.readTextFileSync(root.at("/etc/systemd/system/runevault.service"));
    assert.doesNotMatch(unit, /\/opt\/rune-vault/);
    assert.match(unit, /^ExecStart=\/srv\/my-vault\/app\/bin\/runevault --config \/srv\/my-vault\/configs\/runev/m);
    assert.match(stdout, /sudo runevault --config \/srv\/my-vault\/configs\/runevault\.conf token issue/);
  },
});

for (
  const [args, want] of [
    [["--prefix"], /^Error: --prefix needs a directory$/m],
    [["--prefix", "vault"], /^Error: --prefix vault is not an absolute path$/m],
    [["--prefix", "/"], /^Error: --prefix \/: /m],
    [["--prefix", "/a b"], /^Error: --prefix \/a b: letters, digits/m],
    [["--prefix", "/opt/../etc"], /^Error: --prefix \/opt\/\.\.\/etc: /m],
    [["--root", "image"], /^Error: --root image is not an absolute path$/m],
    [["--root", "/nowhere"], /^Error: --root \/nowhere is not the root of a system: it has no etc\/passwd$/m],
    [["--upgrade"], /^Error: unknown argument: --upgrade$/m],
  ] as const
) {
  Deno.test(`install.sh ${args.join(" ")} says what is wrong and does nothing`, async () => {
    const { code, stderr } = await install("--dry-run", ...args);
    assert.equal(code, 1);
    assert.match(stderr, want);
  });
}

Deno.test("install.sh --help names every option", async () => {
  const { code, stdout } = await install("--help");
  assert.equal(code, 0);
  for (const option of ["--prefix", "--root", "--uninstall", "--dry-run", "--help"]) assert.ok(stdout.includes(option));
});

Deno.test({
  name: "install.sh refuses a damaged package",
  ignore: cannotInstall,
  async fn() {
    await using root = await SystemRoot.create();
    const module = join(unpacked, "js/main.js"), whole = Deno.readTextFileSync(module);
    Deno.writeTextFileSync(module, `${whole}//`);
    try {
      const { code, stderr } = await install("--root", root.path);
      assert.equal(code, 1);
      assert.match(stderr, /^Error: the package is damaged, unpack it again: js\/main\.js: FAILED$/m);
      assert.throws(() => Deno.statSync(root.at("/opt")), Deno.errors.NotFound);
    } finally {
      Deno.writeTextFileSync(module, whole);
    }
  },
});

Deno.test({
  name: "install.sh is for root alone",
  ignore: cannotInstall,
  async fn() {
    const script = new URL("../../configs/install.sh", import.meta.url).pathname;
    const text = Deno.readTextFileSync(script);
    const { code, stderr } = await run("setpriv", ["--reuid=65534", "--clear-groups", "sh", "-s"], text);
    assert.equal(code, 1);
    assert.match(stderr, /^Error: only root can install: sudo /m);
  },
});
