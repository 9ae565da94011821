import assert from "node:assert/strict";
import { ROOT } from "./support/paths.ts";
import { run } from "./support/test_vault.ts";

interface ParityTable {
  readonly file: string;
  readonly text: string;
  /** Path of each short name. */
  readonly files: ReadonlyMap<string, string>;
  /** The tests that are named, each with the short name of its file: `file: \`test\`, \`test\`; file: \`test\``. */
  readonly named: readonly { file: string; name: string }[];
}

function readTable(file: string): ParityTable {
  const text = Deno.readTextFileSync(`${ROOT}${file}`);
  const rows = [...text.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(([, left, right]) => ({ left, right }));
  const files = new Map(
    rows.flatMap(({ left, right }) => /^`[^`]+\.ts`$/.test(right) ? [[left, right.slice(1, -1)] as const] : []),
  );
  const named = rows.filter(({ right }) => /^[\w-]+: `/.test(right)).flatMap(({ right }) =>
    right.split(/; (?=[\w-]+: `)/).flatMap((part) => {
      const file = part.slice(0, part.indexOf(":"));
      return [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ file, name }));
    })
  );
  return { file, text, files, named };
}

const VAULT = readTable("tests/PARITY.md"), SECRETS = readTable("tests/PARITY_SECRETS.md");

Deno.test("tests/PARITY.md has every group of section 10", () => {
  const groups = [...VAULT.text.matchAll(/^## (10\.\d+) /gm)].map(([, group]) => group);
  assert.deepEqual(groups, Array.from({ length: 18 }, (_, i) => `10.${i + 1}`));
  assert.ok(VAULT.named.length > 200, `only ${VAULT.named.length} tests are named`);
});

Deno.test("tests/PARITY_SECRETS.md has the groups of both stores, each once", () => {
  const groups = [...SECRETS.text.matchAll(/^## ([AB]\.\d+ .+)$/gm)].map(([, group]) => group);
  assert.equal(new Set(groups).size, groups.length);
  for (const part of ["access", "sealing", "engine"]) {
    for (const group of ["A.24", "A.25", "B.16"]) assert.ok(groups.includes(`${group} ${part}`), `${group} ${part}`);
  }
});

for (const { file, files, named } of [VAULT, SECRETS]) {
  Deno.test(`${file} names only tests and steps that exist`, async () => {
    const list = `${ROOT}tests/support/list_tests.ts`;
    const { stdout, stderr } = await run(Deno.execPath(), ["run", "-A", "--quiet", list, ...files.values()]);
    assert.equal(stderr, "");
    const existing: Record<string, string[]> = JSON.parse(stdout);
    const missing = named.filter(({ file, name }) => {
      const path = files.get(file), [test, step] = name.split(" › ");
      if (path === undefined || !existing[path].some((other) => pattern(test).test(other))) return true;
      return step !== undefined && !hasStep(Deno.readTextFileSync(ROOT + path), step);
    });
    assert.deepEqual(missing, []);
  });

  Deno.test(`${file} uses every file that it gives a short name`, () => {
    const used = new Set(named.map(({ file }) => file));
    assert.deepEqual([...files.keys()].filter((name) => !used.has(name)), []);
  });
}

function pattern(name: string): RegExp {
  return new RegExp(`^${name.split("…").map(RegExp.escape).join(".*")}$`, "s");
}

/** Steps are known by their source alone: a literal, or a template whose gaps are filled with texts of the same file. */
function hasStep(source: string, step: string): boolean {
  const literals = [...source.matchAll(/\.step\((?:"([^"]+)"|`([^`]+)`)/g)].map(([, text, template]) =>
    text ?? template
  );
  return literals.some((literal) => {
    const gaps = new RegExp(`^${literal.split(/\$\{.*?\}/).map(RegExp.escape).join("(.+)")}$`).exec(step);
    return gaps !== null && gaps.slice(1).every((gap) => gap === "…" || source.includes(`"${gap}"`));
  });
}
