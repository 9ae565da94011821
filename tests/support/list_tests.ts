/**
 * Prints the names of the tests in some files, `{ file: names }` as JSON, without running any: `deno test` has no such option.
 *
 * @module
 */
const names: Record<string, string[]> = {};
for (const file of Deno.args) {
  const found: string[] = names[file] = [];
  const register = (test: string | { name: string }) => found.push(typeof test === "string" ? test : test.name);
  Object.defineProperty(Deno, "test", { value: register, configurable: true });
  await import(new URL(`../../${file}`, import.meta.url).href);
}
console.log(JSON.stringify(names));
Deno.exit();
