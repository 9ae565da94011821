import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { VaultError } from "#errors/mod.ts";
import { changed, fresh, sealedAs } from "../../../../tests/contract/secret_store_contract.ts";
import { refusal } from "../../../../tests/support/secret_engine.ts";
import { parseAddress } from "#domain/secrets/mod.ts";
import { type Cell, Database, type Row } from "./database.ts";
import { GroupWriter } from "./group_writer.ts";
import { SqliteSecretStore } from "./mod.ts";

/** The real one; counts transactions and flushes, fails those that it is told to, and has a disk as slow as it is told. */
class WatchedDatabase extends Database {
  commits = 0;
  failures = 0;
  flushes = 0;
  disk: () => Promise<void> = () => Promise.resolve();
  isBroken = false;

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

  override get(sql: string, ...values: Cell[]): Row | undefined {
    if (sql.startsWith("PRAGMA wal_checkpoint") && this.isBroken) throw new Error("disk I/O error");
    return super.get(sql, ...values);
  }

  protected override async syncWal(): Promise<void> {
    this.flushes += 1;
    await this.disk();
  }
}

/** Lets everything go on that waits for nothing but the event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
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

Deno.test("a change is told and shown once the disk has it, and transactions that come meanwhile share a flush", async () => {
  const db = new WatchedDatabase(), disk = Promise.withResolvers<void>();
  await using store = new SqliteSecretStore(":memory:", db);
  const done: string[] = [];
  const follow = async (what: string, promise: Promise<unknown>) => {
    await promise;
    done.push(what);
  };
  db.disk = () => disk.promise;
  const changes = [follow("first", store.createSecret(fresh(address(1))))];
  await turns();
  const read = follow("read", store.findSecret(address(1)));
  for (const i of [2, 3]) {
    changes.push(follow(`change ${i}`, store.createSecret(fresh(address(i)))));
    await turns();
  }
  assert.deepEqual([db.commits, db.flushes, done], [3, 1, []]);
  disk.resolve();
  await Promise.all([...changes, read]);
  assert.equal(db.flushes, 2);
  assert.deepEqual(done.toSorted(), ["change 2", "change 3", "first", "read"]);
});

Deno.test("close() waits until the disk has what was committed", async () => {
  const db = new WatchedDatabase(), disk = Promise.withResolvers<void>();
  const store = new SqliteSecretStore(":memory:", db);
  db.disk = () => disk.promise;
  const change = store.createSecret(fresh(address(1)));
  await turns();
  let isClosed = false;
  const closed = store.close().then(() => isClosed = true);
  await turns();
  assert.equal(isClosed, false);
  disk.resolve();
  await Promise.all([change, closed]);
});

Deno.test("what the disk failed to take is in doubt, and nothing is read or written until it is written anew", async () => {
  const db = new WatchedDatabase();
  await using store = new SqliteSecretStore(":memory:", db);
  const create = (i: number) => refusal(store.createSecret(fresh(address(i))));
  db.disk = () => Promise.reject(new Error("Input/output error"));
  const failed = (reason: string) => `INTERNAL secrets store: the last changes may not be on disk: ${reason} error`;
  assert.deepEqual(await Promise.all([create(1), create(2)]), [failed("Input/output"), failed("Input/output")]);
  db.isBroken = true;
  const commits = db.commits;
  assert.deepEqual(
    await Promise.all([create(3), create(4), refusal(store.findSecret(address(1)))]),
    Array(3).fill(failed("disk I/O")),
  );
  assert.equal(db.commits, commits);
  db.isBroken = false;
  db.disk = () => Promise.resolve();
  assert.deepEqual(await Promise.all([create(5), create(6)]), ["OK", "OK"]);
  const found = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => store.findSecret(address(i))));
  assert.deepEqual(found.map((secret) => secret !== undefined), [true, true, false, false, true, true]);
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
