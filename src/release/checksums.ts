import { createHash } from "node:crypto";

/** Lower-case hex. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What `sha256sum --check` reads: one line a file, sorted by path. */
export function checksumLines(files: readonly { readonly path: string; readonly content: Uint8Array }[]): string {
  const lines = files.map(({ path, content }) => `${sha256(content)}  ${path}\n`);
  return lines.sort((a, b) => a.slice(64) < b.slice(64) ? -1 : 1).join("");
}
