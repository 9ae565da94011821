import assert from "node:assert/strict";
import { indexNameProblem } from "./index_name.ts";
import { loadConfig } from "./load_config.ts";
import { MINIMAL, TempDir } from "./testing.ts";

for (const name of ["my_index", "index-1", "ABC123", "a", "a".repeat(128)]) {
  Deno.test(`indexNameProblem() has nothing against ${name.slice(0, 20)} (${name.length})`, () => {
    assert.equal(indexNameProblem(name), undefined);
  });
}

const CHARACTERS = "index_name: must contain only alphanumeric characters, underscores, or hyphens";
for (
  const [name, want] of [
    ["", "index_name: must not be empty"],
    ["a".repeat(129), "index_name: length 129 exceeds maximum 128"],
    ["../../etc/passwd", CHARACTERS],
    ["foo/bar", CHARACTERS],
    ["foo bar", CHARACTERS],
    ["index;DROP TABLE", CHARACTERS],
    ["name\n", CHARACTERS],
  ]
) {
  Deno.test(`indexNameProblem() says of ${JSON.stringify(name.slice(0, 20))}: ${want}`, () => {
    assert.equal(indexNameProblem(name), want);
  });
}

for (
  const { name, warnings } of [
    { name: "", warnings: [] },
    { name: "team-1", warnings: [] },
    { name: "foo bar", warnings: [`config: keys.${CHARACTERS}`] },
  ]
) {
  Deno.test(`loadConfig() of the index name "${name}" warns ${warnings.length} times and goes on`, async () => {
    using dir = new TempDir();
    const text = MINIMAL.replace("embedding_dim", `index_name: "${name}", embedding_dim`);
    const { config } = await loadConfig({ path: dir.write("runevault.conf", text) });
    assert.deepEqual([config.keys.indexName, config.warnings], [name, warnings]);
  });
}
