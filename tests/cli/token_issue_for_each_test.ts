import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { TempDir } from "#config/testing.ts";
import { ROOT } from "../support/paths.ts";
import { type Output, permissionFlags, run, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const TOKEN = /^evt_[0-9a-f]{32}\n$/;
const CANARY = "canary-2c77";

/** A vault and a place for lists and tokens. */
async function withVault(test: (vault: TestVault, dir: TempDir) => Promise<void>): Promise<void> {
  await using vault = await TestVault.start();
  using dir = new TempDir();
  await test(vault, dir);
}

const issue = (vault: TestVault, dir: TempDir, ...flags: string[]): Promise<Output> =>
  vault.cli("token", "issue", "--out-dir", dir.join("out"), ...flags);

const filesIn = (dir: TempDir) => [...Deno.readDirSync(dir.join("out"))].map(({ name }) => name).sort();

Deno.test("runevault token issue --for-each hands each token over in a private file, and prints none", () =>
  withVault(async (vault, dir) => {
    const csv = dir.write("team.csv", 'user,role,expires\nalice,,90d\n"bob/../x",admin,never\n.앨,,\n');
    const { code, stdout, stderr } = await issue(vault, dir, "--for-each", csv, "--role", "member", "--expires", "30d");
    assert.deepEqual([code, stderr], [0, ""]);
    const names = ["%2E%EC%95%A8.token", "alice.token", "bob%2F..%2Fx.token"];
    assert.deepEqual(filesIn(dir), names);
    const date = String.raw`\d{4}-\d\d-\d\d`, out = RegExp.escape(dir.join("out"));
    assert.match(
      stdout,
      new RegExp(
        `^Token issued for 'alice' \\(member, expires ${date}\\): ${out}/alice\\.token\n` +
          `Token issued for 'bob/../x' \\(admin, expires never\\): ${out}/bob%2F..%2Fx\\.token\n` +
          `Token issued for '.앨' \\(member, expires ${date}\\): ${out}/%2E%EC%95%A8\\.token\n$`,
      ),
    );
    assert.equal(Deno.statSync(dir.join("out")).mode! & 0o777, 0o700);
    using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
    for (const name of names) {
      const path = dir.join(`out/${name}`), text = Deno.readTextFileSync(path);
      assert.match(text, TOKEN);
      assert.ok(!stdout.includes(text.trim()));
      assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
      assert.equal((await client.getPublicKey({ token: text.trim() })).error, "");
    }
    const { tokens } = JSON.parse((await vault.cli("token", "list", "--json")).stdout);
    const days = tokens.map(({ days_left }: { days_left: number | null }) => days_left);
    assert.deepEqual(days, [90, null, 30]);
  }));

Deno.test("runevault token issue --for-each reads YAML, and --json names no token", () =>
  withVault(async (vault, dir) => {
    const yml = dir.write("team.yml", "- user: alice\n- {user: bob, role: admin}\n");
    const { code, stdout } = await issue(vault, dir, "--for-each", yml, "--role", "member", "--json");
    assert.equal(code, 0);
    const { issued, not_issued } = JSON.parse(stdout);
    assert.deepEqual(issued.map((entry: object) => Object.keys(entry)), [
      ["user", "role", "issued_at", "expires", "file"],
      ["user", "role", "issued_at", "expires", "file"],
    ]);
    assert.deepEqual(not_issued, []);
    assert.doesNotMatch(stdout, /evt_/);
  }));

Deno.test("runevault token issue --for-each issues nothing when anything in the list is wrong", (t) =>
  withVault(async (vault, dir) => {
    await vault.issueToken("taken");
    for (
      const { name, text, flags = [], want } of [
        { name: "no role", text: `user\nalice\n`, want: /line 2: role is missing/ },
        { name: "no user", text: `user,role\nalice,member\n,member\n`, want: /line 3: user is missing/ },
        {
          name: "an unknown role",
          text: `user,role\nalice,member\nbob,${CANARY}\n`,
          want: /line 3: there is no such role/,
        },
        {
          name: "a user with a token",
          text: `user,role\nalice,member\ntaken,member\n`,
          want: /line 3: this user has a to/,
        },
        {
          name: "a user twice",
          text: `user,role\na,member\nb,member\na,admin\n`,
          want: /line 4: the same user as in line 2/,
        },
        {
          name: "an expiry that is none",
          text: `user,role,expires\na,member,${CANARY}\n`,
          want: /line 2: expires is not/,
        },
        {
          name: "a wrong default",
          text: `user,role\na,member\n`,
          flags: ["--expires", "9x"],
          want: /Invalid duration '9x'/,
        },
        { name: "an overlong user", text: `user,role\n${"x".repeat(300)},member\n`, want: /line 2: user is too long/ },
        { name: "an unknown column", text: `user,${CANARY}\na,b\n`, want: /line 1: column 2/ },
      ]
    ) {
      await t.step(name, async () => {
        const list = dir.write("team.csv", text);
        const { code, stdout, stderr } = await issue(vault, dir, "--for-each", list, ...flags);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, want);
        assert.ok(!stderr.includes(CANARY), stderr);
        assert.equal(existsSync(dir.join("out")), false);
        const { tokens } = JSON.parse((await vault.cli("token", "list", "--json")).stdout);
        assert.deepEqual(tokens.map(({ user }: { user: string }) => user), ["taken"]);
      });
    }
    await t.step("a file that is there", async () => {
      const kept = dir.write("out/bob.token", "precious");
      const list = dir.write("team.csv", "user,role\nalice,member\nbob,member\n");
      const { code, stderr } = await issue(vault, dir, "--for-each", list);
      assert.deepEqual([code, stderr], [1, `Error: ${kept} is there already\n`]);
      assert.deepEqual([filesIn(dir), Deno.readTextFileSync(kept)], [["bob.token"], "precious"]);
    });
  }));

Deno.test("runevault token issue --for-each stops at the first failure and says who has a token by then", () =>
  withVault(async (vault, dir) => {
    // The calendar ends before this expiry, which the daemon alone can tell.
    const list = dir.write("team.csv", "user,role,expires\nalice,member,\nbob,member,9999999d\ncarol,member,\n");
    const { code, stdout, stderr } = await issue(vault, dir, "--for-each", list);
    assert.equal(code, 1);
    assert.match(stdout, /^Token issued for 'alice' \(member, expires never\): .*alice\.token\n$/);
    assert.equal(
      stderr,
      `Error: ${list}: line 3: date value out of range; 1 issued, 2 not: ` +
        "mend the cause and try again with the lines from there on\n",
    );
    assert.deepEqual(filesIn(dir), ["alice.token"]);
    const rest = dir.write("rest.csv", "user,role,expires\nbob,member,90d\ncarol,member,9999999d\n");
    const again = await issue(vault, dir, "--for-each", rest, "--json");
    const { issued, not_issued } = JSON.parse(again.stdout);
    assert.deepEqual([again.code, issued.length, not_issued], [1, 1, ["carol"]]);
  }));

Deno.test("runevault token issue --for-each takes back a token that it cannot write down", () =>
  withVault(async (vault, dir) => {
    const list = dir.write("team.csv", "user,role\nalice,member\n");
    const words = ["--config", vault.config, "token", "issue", "--for-each", list, "--out-dir", dir.join("out")];
    const full = `Deno.link = () => Promise.reject(new Error("No space left on device"));`;
    const preload = `--preload=data:text/javascript,${encodeURIComponent(full)}`;
    const args = [
      "run",
      "--quiet",
      "--no-prompt",
      ...await permissionFlags(words),
      preload,
      `${ROOT}src/main.ts`,
      ...words,
    ];
    const { code, stdout, stderr } = await run(Deno.execPath(), args);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /line 2: the token could not be written and was revoked: No space left on device; 0 issued, 1 not/,
    );
    assert.deepEqual(filesIn(dir), []);
    assert.equal((await vault.cli("token", "list")).stdout, "No tokens issued.\n");
  }));
