import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { VaultError } from "#errors/mod.ts";
import { changed, fresh, sealedAs } from "../../../../tests/contract/secret_store_contract.ts";
import { refusal } from "../../../../tests/support/secret_engine.ts";
import { parseAddress } from "#domain/secrets/mod.ts";
import { type Cell, Database } from "./database.ts";
import { GroupWriter } from "./group_writer.ts";
import { SqliteSecretStore } from "./mod.ts";

/** The real one; counts transactions, and fails those that it is told to. */
class WatchedDatabase extends Database {
  commits = 0;
  failures = 0;

  constructor() {
    super(":memory:");
  }

  override run(sql: string, ...values: Cell[]): number {
    if (sql === "COMMIT") {
      this.commits += 1;
      if (this.failures > 0) {
        this.failures -= 1;
        throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
      }
    }
    return super.run(sql, ...values);
  }
}

const address = (i: number) => parseAddress(`db/n${i}`);

Deno.test("commands of one turn share one transaction, up to 128 of them", async () => {
  for (const [commands, transactions] of [[1, 1], [16, 1], [128, 1], [129, 2], [300, 3]]) {
    const db = new WatchedDatabase();
    await using store = new SqliteSecretStore(":memory:", db);
    await Promise.all(Array.from({ length: commands }, (_, i) => store.createSecret(fresh(address(i)))));
    assert.equal(db.commits, transactions, `${commands} commands`);
  }
});

Deno.test("a command of the next turn joins those of this one", async () => {
  const db = new WatchedDatabase();
  await using store = new SqliteSecretStore(":memory:", db);
  const first = store.createSecret(fresh(address(1)));
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, store.createSecret(fresh(address(2)))]);
  assert.equal(db.commits, 1);
});

Deno.test("a command is acknowledged after its commit and not before", async () => {
  const db = new WatchedDatabase(), writer = new GroupWriter(db);
  const commits: number[] = [];
  await Promise.all(
    [1, 2].map((name) =>
      writer.write(() => db.exec(`CREATE TABLE t${name} (id)`)).then(() => commits.push(db.commits))
    ),
  );
  assert.deepEqual(commits, [1, 1]);
  assert.equal(db.isInTransaction, false);
});

Deno.test("when a commit fails, each command is done alone, and only those that fail again are told so", async () => {
  const db = new WatchedDatabase();
  await using store = new SqliteSecretStore(":memory:", db);
  db.failures = 3; // the group, then the first two alone
  const results = await Promise.all([0, 1, 2, 3].map((i) => refusal(store.createSecret(fresh(address(i))))));
  const failed = "INTERNAL secrets store: nothing was changed: disk I/O error";
  assert.deepEqual(results, [failed, failed, "OK", "OK"]);
  const found = await Promise.all([0, 1, 2, 3].map((i) => store.findSecret(address(i))));
  assert.deepEqual(found.map((secret) => secret !== undefined), [false, false, true, true]);
});

Deno.test("a failure that is not a refusal undoes its command alone", async () => {
  const db = new WatchedDatabase(), writer = new GroupWriter(db);
  db.exec("CREATE TABLE t (id INTEGER)");
  const insert = (id: number, after: () => void = () => {}) =>
    writer.write(() => {
      db.run("INSERT INTO t VALUES (?)", id);
      after();
    });
  const refuse = () => {
    throw new VaultError("ABORTED", "no");
  };
  const results = [insert(1), insert(2, refuse), insert(3, () => db.exec("nonsense")), insert(4)].map(refusal);
  assert.deepEqual(await Promise.all(results), [
    "OK",
    "ABORTED no",
    'INTERNAL secrets store: nothing was changed: near "nonsense": syntax error in nonsense at offset 0',
    "OK",
  ]);
  assert.deepEqual(db.all("SELECT id FROM t").flat(), [1n, 4n]);
});

Deno.test("a full disk is an error for exactly those whose write does not fit", async () => {
  const directory = await Deno.makeTempDir({ prefix: "rv-full-" }), path = `${directory}/secrets.db`;
  try {
    const db = new Database(path);
    await using store = new SqliteSecretStore(path, db);
    const secret = await store.createSecret(fresh(address(0)));
    const [pages] = db.get("PRAGMA page_count")!;
    db.get(`PRAGMA max_page_count = ${Number(pages) + 6}`);
    const big = sealedAs("x".repeat(100_000)), names = Array.from({ length: 12 }, (_, i) => i + 1);
    const results = await Promise.all(
      names.map((i) => refusal(store.createSecret(fresh(address(i), i % 2 ? { sealed: big } : {})))),
    );
    const wanted = names.map((i) =>
      i % 2 ? "INTERNAL secrets store: nothing was changed: database or disk is full" : "OK"
    );
    assert.deepEqual(results, wanted);
    const found = await Promise.all(names.map((i) => store.readVersion(address(i))));
    assert.deepEqual(found.map((read) => read !== undefined), names.map((i) => i % 2 === 0));
    const next = { sealed: big, expiresAt: 0, keepVersions: 10 };
    assert.match(await refusal(store.changeSecret(changed(secret, { next }))), /^INTERNAL .*full/);
    assert.deepEqual(await store.findSecret(address(0)), secret);
    db.get("PRAGMA max_page_count = 1000000");
    assert.equal((await store.changeSecret(changed(secret, { next }))).currentVersion, 2);
    assert.deepEqual(db.all("PRAGMA integrity_check"), [["ok"]]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
