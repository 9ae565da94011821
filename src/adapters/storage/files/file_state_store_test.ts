import assert from "node:assert/strict";
import { join } from "node:path";
import type { State } from "#ports/state_store.ts";
import { FileStateStore, MAX_FILE_BYTES } from "./file_state_store.ts";

const OLD: State = {
  roles: [{ name: "member", scope: ["get_public_key"], topK: 10, rateLimit: "30/60s" }],
  tokens: [{ user: "bob", token: "evt_old", role: "member", issuedAt: "2026-11-22" }],
};
const NEW: State = {
  roles: [...OLD.roles, { name: "temp", scope: [], topK: 1, rateLimit: "1/1s" }],
  tokens: [{ user: "eve", token: "evt_new", role: "temp", issuedAt: "2026-11-22", expires: "2027-01-01" }],
};

interface Place {
  readonly directory: string;
  readonly rolesFile: string;
  readonly tokensFile: string;
}

/** Runs a test on files in two directories of its own, so that one can fail without the other. */
async function inDirectory(test: (place: Place) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await test({
      directory,
      rolesFile: join(directory, "r", "roles.yml"),
      tokensFile: join(directory, "t", "tokens.yml"),
    });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const filesIn = ({ directory }: Place) =>
  ["r", "t"].flatMap((name) => [...Deno.readDirSync(join(directory, name))].map((entry) => entry.name)).sort();

Deno.test("FileStateStore gives back what it saved, in files of mode 0600 and directories of mode 0700", () =>
  inDirectory(async (place) => {
    await new FileStateStore(place).save(NEW);
    assert.deepEqual(await new FileStateStore(place).load(), NEW);
    for (const path of [place.rolesFile, place.tokensFile]) assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.equal(Deno.statSync(join(place.directory, "t")).mode! & 0o777, 0o700);
    assert.deepEqual(filesIn(place), ["roles.yml", "tokens.yml"]);
  }));

Deno.test("FileStateStore.load() is undefined when there is nothing", () =>
  inDirectory(async (place) => assert.equal(await new FileStateStore(place).load(), undefined)));

Deno.test("FileStateStore.load() keeps the tokens when roles.yml is lost, and the roles when tokens.yml is", () =>
  inDirectory(async (place) => {
    await new FileStateStore(place).save(OLD);
    Deno.removeSync(place.rolesFile);
    assert.deepEqual(await new FileStateStore(place).load(), { roles: [], tokens: OLD.tokens });
    await new FileStateStore(place).save(OLD);
    Deno.removeSync(place.tokensFile);
    assert.deepEqual(await new FileStateStore(place).load(), { roles: OLD.roles, tokens: [] });
    assert.equal(Deno.readTextFileSync(place.tokensFile), "tokens: []\n");
  }));

Deno.test("FileStateStore.load() removes the temporary files of a crash", () =>
  inDirectory(async (place) => {
    await new FileStateStore(place).save(OLD);
    Deno.writeTextFileSync(join(place.directory, "t", ".tokens.yml.new"), "tokens:\n- user: gone");
    await new FileStateStore(place).load();
    assert.deepEqual(filesIn(place), ["roles.yml", "tokens.yml"]);
  }));

for (
  const { name, spoil, want } of [
    { name: "a directory", spoil: (path: string) => Deno.mkdirSync(path), want: "not a regular file" },
    {
      name: "a huge file",
      spoil: (path) => Deno.truncateSync(path, MAX_FILE_BYTES + 1),
      want: `more than ${MAX_FILE_BYTES} bytes`,
    },
    { name: "bytes that are not UTF-8", spoil: (path) => Deno.writeFileSync(path, new Uint8Array([0xff])), want: "" },
  ] as { name: string; spoil: (path: string) => void; want: string }[]
) {
  Deno.test(`FileStateStore.load() refuses ${name} and writes nothing`, () =>
    inDirectory(async (place) => {
      await new FileStateStore(place).save(OLD);
      if (name === "a directory") Deno.removeSync(place.tokensFile);
      spoil(place.tokensFile);
      const before = Deno.readTextFileSync(place.rolesFile);
      await assert.rejects(new FileStateStore(place).load(), (error: Error) => {
        assert.ok(error.message.startsWith(`read tokens file ${place.tokensFile}: ${want}`), error.message);
        return true;
      });
      assert.equal(Deno.readTextFileSync(place.rolesFile), before);
    }));
}

Deno.test("FileStateStore.load() overwrites nothing when a file edited by hand is wrong", () =>
  inDirectory(async (place) => {
    await new FileStateStore(place).save(OLD);
    Deno.writeTextFileSync(place.rolesFile, "roles:\n  member: 5\n");
    await assert.rejects(new FileStateStore(place).load(), {
      message: `parse roles file ${place.rolesFile}: line 2: roles[0]: must be a mapping`,
    });
    assert.equal(Deno.readTextFileSync(place.rolesFile), "roles:\n  member: 5\n");
  }));

Deno.test("FileStateStore.save() that cannot stage the second file leaves both as they were", () =>
  inDirectory(async (place) => {
    const store = new FileStateStore(place);
    await store.save(OLD);
    const long = { ...NEW.tokens[0], user: "u".repeat(MAX_FILE_BYTES) };
    await assert.rejects(store.save({ ...NEW, tokens: [long] }), /tokens\.yml: more than/);
    assert.deepEqual(await new FileStateStore(place).load(), OLD);
    assert.deepEqual(filesIn(place), ["roles.yml", "tokens.yml"]);
  }));

Deno.test("FileStateStore.save() that replaced only the first file puts the old state back", () =>
  inDirectory(async (place) => {
    const store = new FileStateStore(place);
    await store.save(OLD);
    const before = Deno.readTextFileSync(place.rolesFile);
    Deno.removeSync(place.tokensFile);
    Deno.mkdirSync(join(place.tokensFile, "in the way"), { recursive: true });
    await assert.rejects(store.save(NEW), /directory/i);
    assert.equal(Deno.readTextFileSync(place.rolesFile), before);
    assert.deepEqual(filesIn(place), ["roles.yml", "tokens.yml"]);
  }));

Deno.test("FileStateStore refuses one file for both", () => {
  assert.throws(() => new FileStateStore({ rolesFile: "/x.yml", tokensFile: "/x.yml" }), /one file for both/);
});
