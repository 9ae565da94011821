import assert from "node:assert/strict";
import { join } from "node:path";
import { LockoutsFile } from "./mod.ts";

const record = (address: string, failures = 1) => ({ address, failures, windowStartedAt: 1, lockedUntil: null });

async function inDirectory(work: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(join(directory, "lockouts.json"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("LockoutsFile finds again what it saved, each address once", () =>
  inDirectory(async (path) => {
    const file = new LockoutsFile(path);
    assert.deepEqual(await file.load(), []);
    await file.save([record("10.0.0.1"), record("::1")], []);
    await file.save([record("::1", 5)], ["10.0.0.1", "10.0.0.9"]);
    assert.deepEqual(await new LockoutsFile(path).load(), [record("::1", 5)]);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(join(path, ".."))].map(({ name }) => name), ["lockouts.json"]);
  }));

for (const text of ["", "{", "{}", "[1]", '[{"address":1}]', '[{"address":"::1","failures":1}]']) {
  Deno.test(`LockoutsFile refuses ${JSON.stringify(text)} and says how to go on`, () =>
    inDirectory(async (path) => {
      await Deno.writeTextFile(path, text);
      await assert.rejects(new LockoutsFile(path).load(), { code: "FAILED_PRECONDITION", message: /remove it/ });
      assert.equal(await Deno.readTextFile(path), text);
    }));
}

Deno.test("LockoutsFile.save() keeps the old file when the new one cannot be written", () =>
  inDirectory(async (path) => {
    const file = new LockoutsFile(path);
    await file.save([record("::1")], []);
    await Deno.mkdir(join(path, "../.lockouts.json.new"));
    await assert.rejects(file.save([record("::2")], []));
    assert.deepEqual(await Deno.readTextFile(path), `${JSON.stringify([record("::1")])}\n`);
  }));
