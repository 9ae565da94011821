import { buildLibrary, type Target as LibraryTarget } from "../../ffi/build.ts";

/** A machine that releases are made for, by Deno's name. */
export const TARGETS = {
  "x86_64-unknown-linux-gnu": { os: "linux", arch: "amd64", library: "x86_64-linux-gnu" },
  "aarch64-unknown-linux-gnu": { os: "linux", arch: "arm64", library: "aarch64-linux-gnu" },
  "x86_64-apple-darwin": { os: "darwin", arch: "amd64", library: undefined },
  "aarch64-apple-darwin": { os: "darwin", arch: "arm64", library: undefined },
} as const satisfies Record<string, { os: string; arch: string; library: LibraryTarget | undefined }>;

export type Target = keyof typeof TARGETS;

/** @throws {Error} for an unknown name, with the known ones. */
export function parseTarget(name: string): Target {
  if (Object.hasOwn(TARGETS, name)) return name as Target;
  throw new Error(`unknown target ${name}; known: ${Object.keys(TARGETS).join(", ")}`);
}

/** @throws {Error} on a system that no release is made for. */
export function ownTarget(): Target {
  return parseTarget(Deno.build.target);
}

/** As files and `runevault version` name a machine, e.g. `linux_amd64`. */
export function platformOf(target: Target): string {
  return `${TARGETS[target].os}_${TARGETS[target].arch}`;
}

/**
 * Compiles libenvector.so for a machine.
 *
 * @returns its path.
 * @throws {Error} when no compiler here can, with what to install or where to build.
 */
export function libraryFor(target: Target): string {
  if (target === ownTarget()) return buildLibrary();
  const { os, arch, library } = TARGETS[target];
  if (library !== undefined && Deno.build.os === "linux") return buildLibrary({ target: library });
  throw new Error(
    `libenvector.so for ${target} cannot be built on ${Deno.build.os}: run 'deno task build' on ` +
      `${
        os === "darwin" ? "a Mac" : "a Linux machine"
      } (${arch}) and put ffi/build/libenvector.so beside the executable`,
  );
}
