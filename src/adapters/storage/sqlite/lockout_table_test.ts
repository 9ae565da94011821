import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { TempDir } from "#config/testing.ts";
import { Lockout } from "#domain/lockout/mod.ts";
import { TestClock } from "#domain/tokens/testing.ts";
import { Database } from "./database.ts";
import { SqliteSecretStore } from "./mod.ts";
import { MIGRATIONS } from "./schema.ts";

const SETTINGS = { maxFailures: 2, windowSeconds: 300, lockoutSeconds: 900 };
const record = (address: string, lockedUntil: number | null) => ({
  address,
  failures: 5,
  windowStartedAt: 1_800_000_000_000,
  lockedUntil,
});

Deno.test("LockoutTable keeps what it is given, replaces by address and forgets", async () => {
  using dir = new TempDir();
  const path = dir.join("s.db");
  {
    await using store = new SqliteSecretStore(path);
    assert.deepEqual(await store.lockouts.load(), []);
    await store.lockouts.save([record("10.0.0.1", 1_800_000_900_000), record("::1", null)], []);
    await store.lockouts.save([{ ...record("::1", null), failures: 6 }], ["10.0.0.1", "192.0.2.9"]);
  }
  await using store = new SqliteSecretStore(path);
  assert.deepEqual(await store.lockouts.load(), [{ ...record("::1", null), failures: 6 }]);
});

Deno.test("Lockout on SQLite outlives the process, and only as long as it should", async () => {
  using dir = new TempDir();
  const clock = new TestClock(), log = () => {};
  const path = dir.join("s.db");
  {
    await using store = new SqliteSecretStore(path);
    const lockout = await Lockout.open(SETTINGS, { store: store.lockouts, clock, log });
    for (let i = 0; i < 2; i++) lockout.fail("2001:db8::1");
    lockout.fail("10.0.0.1");
    await lockout.flush();
  }
  clock.advanceSeconds(100);
  {
    await using store = new SqliteSecretStore(path);
    const lockout = await Lockout.open(SETTINGS, { store: store.lockouts, clock, log });
    assert.equal(lockout.retryAfterSeconds("2001:db8::1"), 800);
    lockout.fail("10.0.0.1");
    assert.equal(lockout.retryAfterSeconds("10.0.0.1"), 900);
    assert.equal(await lockout.clear(), 2);
  }
  await using store = new SqliteSecretStore(path);
  assert.deepEqual(await store.lockouts.load(), []);
});

Deno.test("LockoutTable is all or nothing, and its failure is one of the store", async () => {
  const store = new SqliteSecretStore(":memory:");
  const broken = { ...record("10.0.0.2", null), failures: 0.5 };
  await assert.rejects(store.lockouts.save([record("10.0.0.1", null), broken], []), { code: "INTERNAL" });
  assert.deepEqual(await store.lockouts.load(), []);
  await store.close();
  await assert.rejects(store.lockouts.save([record("10.0.0.1", null)], []), { code: "UNAVAILABLE" });
  await assert.rejects(store.lockouts.load(), { code: "INTERNAL" });
});

Deno.test("a snapshot has no lockouts, and a restore leaves those of the node alone", async () => {
  using dir = new TempDir();
  await using store = new SqliteSecretStore(dir.join("s.db"));
  await store.lockouts.save([record("192.0.2.77", 1_800_000_900_000)], []);
  const snapshot = dir.join("snapshot.db");
  await store.snapshot(snapshot);
  const copy = new DatabaseSync(snapshot, { readOnly: true });
  assert.equal(copy.prepare("SELECT count(*) AS n FROM lockouts").get()!.n, 0);
  copy.close();
  assert.equal(new TextDecoder("latin1").decode(await Deno.readFile(snapshot)).includes("192.0.2.77"), false);
  await store.restore(snapshot);
  assert.equal((await store.lockouts.load()).length, 1);
});

Deno.test("a store of schema version 1 is brought forward and keeps its rows", async () => {
  using dir = new TempDir();
  const path = dir.join("s.db");
  const old = new Database(path, MIGRATIONS.slice(0, 1));
  old.exec("INSERT INTO rewrap_state VALUES (1, NULL, NULL, 7, 0)");
  old.close();
  {
    await using store = new SqliteSecretStore(path);
    assert.deepEqual(await store.lockouts.load(), []);
  }
  const raw = new DatabaseSync(path);
  assert.equal(raw.prepare("PRAGMA user_version").get()!.user_version, MIGRATIONS.at(-1)!.version);
  assert.equal(raw.prepare("SELECT updated_at FROM rewrap_state").get()!.updated_at, 7);
  raw.close();
});
