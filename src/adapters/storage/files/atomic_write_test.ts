import assert from "node:assert/strict";
import { join } from "node:path";
import { removeStaged, stageFile, writeFileAtomic } from "./atomic_write.ts";

/** Runs a test in a directory of its own. */
async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const names = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

for (
  const { name, before, mode, want } of [
    { name: "creates a file with mode 0600", before: undefined, mode: undefined, want: 0o600 },
    { name: "replaces a loose file by one of mode 0600", before: 0o666, mode: undefined, want: 0o600 },
    { name: "sets the mode asked for, against the umask", before: undefined, mode: 0o666, want: 0o666 },
  ]
) {
  Deno.test(`writeFileAtomic() ${name}`, () =>
    inDirectory(async (directory) => {
      const path = join(directory, "state.yml");
      if (before !== undefined) {
        Deno.writeTextFileSync(path, "old");
        Deno.chmodSync(path, before);
      }
      await writeFileAtomic(path, "new é", mode);
      assert.equal(Deno.readTextFileSync(path), "new é");
      assert.equal(modeOf(path), want);
      assert.deepEqual(names(directory), ["state.yml"]);
    }));
}

Deno.test("writeFileAtomic() makes missing parents with mode 0700 and takes bytes", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a", "b", "state.yml");
    await writeFileAtomic(path, new Uint8Array([1, 2, 3]));
    assert.deepEqual(Deno.readFileSync(path), new Uint8Array([1, 2, 3]));
    assert.deepEqual([modeOf(join(directory, "a")), modeOf(join(directory, "a", "b"))], [0o700, 0o700]);
  }));

Deno.test("writeFileAtomic() leaves neither a temporary file nor a change when it cannot replace", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "state.yml");
    Deno.mkdirSync(join(path, "in the way"), { recursive: true });
    await assert.rejects(writeFileAtomic(path, "new"));
    assert.deepEqual(names(directory), ["state.yml"]);
    assert.ok(Deno.statSync(path).isDirectory);
  }));

Deno.test("writeFileAtomic() replaces a link, not what it points to", () =>
  inDirectory(async (directory) => {
    const [target, link] = [join(directory, "target"), join(directory, "link")];
    Deno.writeTextFileSync(target, "kept");
    Deno.symlinkSync(target, link);
    await writeFileAtomic(link, "new");
    assert.equal(Deno.readTextFileSync(target), "kept");
    assert.ok(Deno.lstatSync(link).isFile);
  }));

Deno.test("writeFileAtomic() called at once for one path leaves one whole content", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "state.yml");
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    assert.ok(texts.includes(Deno.readTextFileSync(path)));
    assert.deepEqual(names(directory), ["state.yml"]);
  }));

Deno.test("stageFile() writes beside the file, readable by its owner alone, and discards", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "state.yml");
    const staged = await stageFile(path, "new");
    const [temporary] = names(directory);
    assert.equal(temporary, ".state.yml.new");
    assert.equal(modeOf(join(directory, temporary)), 0o600);
    await staged.discard();
    await staged.discard();
    assert.deepEqual(names(directory), []);
  }));

Deno.test("removeStaged() removes what a crash left of this file and nothing else", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "state.yml");
    const others = [".other.yml.new", ".state.yml", "state.yml", "state.yml.new"];
    for (const name of [...others, ".state.yml.new"]) Deno.writeTextFileSync(join(directory, name), "x");
    await removeStaged(path);
    assert.deepEqual(names(directory), others.sort());
    await removeStaged(join(directory, "missing", "state.yml"));
  }));
