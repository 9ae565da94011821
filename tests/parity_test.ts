import assert from "node:assert/strict";
import { ROOT } from "./support/paths.ts";
import { run } from "./support/test_vault.ts";

const TABLE = Deno.readTextFileSync(`${ROOT}tests/PARITY.md`);
const ROWS = [...TABLE.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(([, left, right]) => ({ left, right }));
const FILES = new Map(
  ROWS.flatMap(({ left, right }) => /^`[^`]+\.ts`$/.test(right) ? [[left, right.slice(1, -1)] as const] : []),
);

/** The tests that the table names, each with the short name of its file: `file: \`test\`, \`test\`; file: \`test\``. */
const NAMED = ROWS.filter(({ right }) => /^[\w-]+: `/.test(right)).flatMap(({ right }) =>
  right.split(/; (?=[\w-]+: `)/).flatMap((part) => {
    const file = part.slice(0, part.indexOf(":"));
    return [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ file, name }));
  })
);

Deno.test("tests/PARITY.md has every group of section 10", () => {
  const groups = [...TABLE.matchAll(/^## (10\.\d+) /gm)].map(([, group]) => group);
  assert.deepEqual(groups, Array.from({ length: 18 }, (_, i) => `10.${i + 1}`));
  assert.ok(NAMED.length > 200, `only ${NAMED.length} tests are named`);
});

Deno.test("tests/PARITY.md names only tests and steps that exist", async () => {
  const { stdout, stderr } = await run(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    `${ROOT}tests/support/list_tests.ts`,
    ...FILES.values(),
  ]);
  assert.equal(stderr, "");
  const existing: Record<string, string[]> = JSON.parse(stdout);
  const missing = NAMED.filter(({ file, name }) => {
    const path = FILES.get(file), [test, step] = name.split(" › ");
    if (path === undefined || !existing[path].some((other) => pattern(test).test(other))) return true;
    return step !== undefined && !hasStep(Deno.readTextFileSync(ROOT + path), step);
  });
  assert.deepEqual(missing, []);
});

Deno.test("tests/PARITY.md uses every file that it gives a short name", () => {
  const used = new Set(NAMED.map(({ file }) => file));
  assert.deepEqual([...FILES.keys()].filter((name) => !used.has(name)), []);
});

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
