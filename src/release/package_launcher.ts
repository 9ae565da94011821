/**
 * The launcher of a package, made from src/launch/launch.sh so that there is one of it: it finds Deno and the modules
 * beside itself, also through a symbolic link, and lets Deno look for nothing else: no configuration in a directory
 * above, no module from a network.
 *
 * @throws {Error} when launch.sh no longer has the text that differs.
 */
export function packageLauncher(launcher: string): string {
  const changes: readonly [from: string, to: string][] = [
    ["# Starts runevault from source with", "# Starts the packaged runevault with"],
    [
      `deno=\${DENO:-deno}\nsource=$(cd "$(dirname "$0")/.." && pwd)\n`,
      `self=$(readlink -f "$0")\nhome=\${self%/bin/*}\ndeno=$home/bin/deno\nsource=$home/js\n`,
    ],
    [`"$source/launch/plan.ts"`, `"$source/launch/plan.js"`],
    [`"$source/main.ts"`, `"$source/main.js"`],
  ];
  let text = launcher;
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) {
      throw new Error(`src/launch/launch.sh has no ${JSON.stringify(from)}: adapt src/release/package_launcher.ts`);
    }
    text = text.replace(from, () => to);
  }
  const isolated = text.replaceAll(`"$deno" run `, `"$deno" run --no-config --no-lock --no-remote --no-npm `);
  if (isolated.split("--no-config").length !== 3) throw new Error("src/launch/launch.sh does not start Deno twice");
  return isolated;
}
