import assert from "node:assert/strict";
import { ROOT } from "./support/paths.ts";
import { run } from "./support/test_vault.ts";

interface Table {
  /** Files of tests by their short names. */
  readonly files: ReadonlyMap<string, string>;
  /** The tests that the table names, each with the short name of its file: `file: \`test\`, \`test\`; file: \`test\``. */
  readonly named: readonly { readonly file: string; readonly name: string }[];
  /** Section headings. */
  readonly groups: readonly string[];
}

function readTable(file: string): Table {
  const text = Deno.readTextFileSync(ROOT + file);
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
  return { files, named, groups: [...text.matchAll(/^## (\S+) /gm)].map(([, group]) => group) };
}

const TABLES = { "tests/PARITY.md": 200, "tests/PARITY_SECRETS.md": 30 };

Deno.test("tests/PARITY.md has every group of section 10", () => {
  const { groups } = readTable("tests/PARITY.md");
  assert.deepEqual(groups, Array.from({ length: 18 }, (_, i) => `10.${i + 1}`));
});

for (const [path, least] of Object.entries(TABLES)) {
  const { files, named } = readTable(path);

  Deno.test(`${path} names only tests and steps that exist`, async () => {
    assert.ok(named.length > least, `only ${named.length} tests are named`);
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

  Deno.test(`${path} uses every file that it gives a short name`, () => {
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
