import assert from "node:assert/strict";
import { GroupCommit } from "./group_commit.ts";

/** Saves wait until the test settles them. */
function setUp() {
  const saves: { snapshot: string; done: PromiseWithResolvers<void> }[] = [];
  const save = (snapshot: string) => {
    const done = Promise.withResolvers<void>();
    saves.push({ snapshot, done });
    return done.promise;
  };
  const state = new GroupCommit<string>("", save, (durable, reason) => new Error(`${reason}, back to "${durable}"`));
  const change = (letter: string) => state.commit(state.current + letter);
  const turn = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { saves, state, change, turn };
}

Deno.test("GroupCommit shares one save among the changes of one turn, and the next among all that came meanwhile", async () => {
  const { saves, change, turn } = setUp();
  const first = [change("a"), change("b")];
  await turn();
  const second = [change("c"), change("d"), change("e")];
  await turn();
  assert.deepEqual(saves.map(({ snapshot }) => snapshot), ["ab"]);
  saves[0].done.resolve();
  await Promise.all(first);
  await turn();
  assert.deepEqual(saves.map(({ snapshot }) => snapshot), ["ab", "abcde"]);
  saves[1].done.resolve();
  await Promise.all(second);
});

Deno.test("GroupCommit resolves a change only after the save that holds it", async () => {
  const { saves, change, turn } = setUp();
  const settled: string[] = [];
  const first = change("a").then(() => settled.push("a"));
  await turn();
  const second = change("b").then(() => settled.push("b"));
  saves[0].done.resolve();
  await turn();
  assert.deepEqual(settled, ["a"]);
  saves[1].done.resolve();
  await Promise.all([first, second]);
});

Deno.test("GroupCommit goes back to the durable snapshot and rejects what was built on the lost one", async () => {
  const { saves, state, change, turn } = setUp();
  const kept = change("a");
  await turn();
  saves[0].done.resolve();
  await kept;
  const lost = [change("b")];
  await turn();
  lost.push(change("c"));
  saves[1].done.reject("full");
  const outcomes = await Promise.allSettled(lost);
  assert.deepEqual(outcomes.map((outcome) => outcome.status), ["rejected", "rejected"]);
  assert.match(String((outcomes[1] as PromiseRejectedResult).reason), /full, back to "a"/);
  assert.equal(state.current, "a");
  const next = change("d");
  await turn();
  assert.equal(saves[2].snapshot, "ad");
  saves[2].done.resolve();
  await next;
});

Deno.test("GroupCommit saves a change that is made the moment the one before is done", async () => {
  const { saves, change, turn } = setUp();
  const chained = change("a").then(() => change("b"));
  await turn();
  saves[0].done.resolve();
  await turn();
  assert.deepEqual(saves.map(({ snapshot }) => snapshot), ["a", "ab"]);
  saves[1].done.resolve();
  await chained;
});

Deno.test("GroupCommit.flush() waits for every save and does not reject", async () => {
  const { saves, state, change, turn } = setUp();
  await state.flush();
  const lost = change("a").catch(() => "lost");
  let flushed = false;
  const flush = state.flush().then(() => flushed = true);
  await turn();
  assert.equal(flushed, false);
  saves[0].done.reject(new Error("full"));
  await flush;
  assert.equal(await lost, "lost");
});
