import assert from "node:assert/strict";
import fc from "fast-check";
import { clearImmediate, setImmediate } from "node:timers";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import type { NameRange, SecretAddress } from "#ports/secret_store.ts";
import { bytes, refusal, TestEngine } from "../../../tests/support/secret_engine.ts";
import { fresh } from "../../../tests/contract/secret_store_contract.ts";
import { canonicalName, type ListSecrets, parseAddress, type SecretPage } from "./mod.ts";

class CountingStore extends SqliteSecretStore {
  /** Of records. */
  reads = 0;

  override findSecret(address: SecretAddress) {
    this.reads += 1;
    return super.findSecret(address);
  }

  override listSecrets(range: NameRange) {
    this.reads += range.limit;
    return super.listSecrets(range);
  }
}

async function filled(names: readonly string[]): Promise<TestEngine> {
  const test = new TestEngine();
  await Promise.all(names.map(async (name) => {
    using _ = await test.engine.create(parseAddress(name), { kind: "manual", value: bytes("v") }, "alice");
  }));
  return test;
}

const namesOf = ({ secrets }: SecretPage) => secrets.map(canonicalName);

/** All pages, one after another. */
async function allPages({ engine }: TestEngine, query: ListSecrets): Promise<string[][]> {
  const pages: string[][] = [];
  let page: SecretPage = { secrets: [], damaged: [], next: "" };
  while (page.next !== undefined) {
    page = await engine.list({ ...query, after: page.next });
    pages.push(namesOf(page));
  }
  return pages;
}

const NAMES = ["a/x", "a-b/x", "a.b/x", "a0/x", "a/x/y", "a/x-y", "a/Z", "b/secret", "b/see", "b/s"];

Deno.test("SecretEngine.list() sorts by the bytes of the canonical name, without values", async () => {
  await using test = await filled(NAMES);
  const page = await test.engine.list();
  assert.deepEqual(namesOf(page), [...NAMES].sort());
  assert.equal(page.next, undefined);
  assert.ok(page.secrets.every((secret) => !("value" in secret || "material" in secret)));
});

for (
  const [query, wanted] of [
    [{ project: "a" }, ["a/Z", "a/x", "a/x-y", "a/x/y"]],
    [{ project: "a", prefix: "x" }, ["a/x", "a/x-y", "a/x/y"]],
    [{ project: "a", prefix: "x/" }, ["a/x/y"]],
    [{ prefix: "a" }, ["a-b/x", "a.b/x", "a/Z", "a/x", "a/x-y", "a/x/y", "a0/x"]],
    [{ prefix: "b/se" }, ["b/secret", "b/see"]],
    [{ project: "absent" }, []],
    [{ after: "a/x" }, ["a/x-y", "a/x/y", "a0/x", "b/s", "b/secret", "b/see"]],
    [{ prefix: "b/", after: "b/s", limit: 1 }, ["b/secret"]],
  ] satisfies [ListSecrets, string[]][]
) {
  Deno.test(`SecretEngine.list() of ${JSON.stringify(query)}`, async () => {
    await using test = await filled(NAMES);
    assert.deepEqual(namesOf(await test.engine.list(query)), wanted);
  });
}

Deno.test("pages are full and end: each name once, in order, whatever may be seen", async () => {
  const names = Array.from({ length: 700 }, (_, i) => `p${i % 3}/s${i}`).sort();
  await using test = await filled(names);
  const chance = fc.constantFrom(0, 0.01, 0.5, 1), limits = fc.integer({ min: 1, max: 800 });
  await fc.assert(
    fc.asyncProperty(chance, limits, fc.nat(), async (share, limit, seed) => {
      const isVisible = (name: string) => (Number(name.split("s")[1]) * 7919 + seed) % 100 < share * 100;
      const visible = (resource: string) => isVisible(resource.replace(/^secret:(.*):/, "$1/"));
      const pages = await allPages(test, { limit, visible });
      assert.deepEqual(pages.flat(), names.filter(isVisible));
      assert.ok(pages.slice(0, -1).every(({ length }) => length === limit), "a page before the last is full");
      assert.ok(pages.length === 1 || pages.at(-1)!.length > 0, "`next` promises more");
    }),
    { numRuns: 40 },
  );
});

Deno.test("a secret that is made or deleted between two pages moves no other out of the list", async () => {
  await using test = await filled(["a/1", "a/2", "a/3", "a/4"]);
  const first = await test.engine.list({ limit: 2 });
  await test.engine.delete(parseAddress("a/2"));
  using _ = await test.engine.create(parseAddress("a/0"), { kind: "manual", value: bytes("v") }, "alice");
  assert.deepEqual(namesOf(await test.engine.list({ limit: 2, after: first.next })), ["a/3", "a/4"]);
});

Deno.test("a caller who may see one of thousands costs no read of the others' records, and leaves room for other calls", async () => {
  const names = Array.from({ length: 6000 }, (_, i) => `p/s${i}`), last = [...names].sort().at(-1)!;
  const store = new CountingStore(":memory:");
  await using test = new TestEngine({ store });
  const { sealed } = fresh(), times = { createdAt: 1, updatedAt: 1, updatedBy: "alice" };
  const versions = [{ version: 1, sealed, createdAt: 1, createdBy: "alice", expiresAt: null }];
  await store.importSecrets(names.map((name) => {
    return { ...fresh(parseAddress(name)), ...times, currentVersion: 1, versions };
  }));
  let turns = 0,
    next = setImmediate(function turn() {
      turns += 1;
      next = setImmediate(turn);
    });
  try {
    const page = await test.engine.list({
      visible: (resource) => resource === `secret:${last.replace("/", ":")}`,
    });
    assert.deepEqual([namesOf(page), page.next, store.reads], [[last], undefined, 1]);
    assert.ok(turns >= 2, `${turns} turns of the event loop for others`);
  } finally {
    clearImmediate(next);
  }
});

Deno.test("SecretEngine.list() refuses limits and texts out of range", async () => {
  await using test = new TestEngine();
  for (const limit of [0, -1, 1001, 1.5, NaN]) {
    assert.equal(await refusal(test.engine.list({ limit })), "INVALID_ARGUMENT limit must be 1 to 1000");
  }
  for (const query of [{ project: "a/b" }, { prefix: "x".repeat(1025) }, { after: "x".repeat(1025) }]) {
    assert.match(await refusal(test.engine.list(query)), /^INVALID_ARGUMENT/);
  }
  assert.deepEqual(namesOf(await test.engine.list({ prefix: "\u{10ffff}", after: "ä\0" })), []);
});
