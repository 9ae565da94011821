/**
 * The files of one audit log: the one that is written, and those that were rotated away from it.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";

/** `<path>.YYYY-MM-DD`, or with a number behind it the second, third … file of a day. */
export interface RotatedFile {
  readonly path: string;
  /** UTC day of the last entry, `YYYY-MM-DD`. */
  readonly day: string;
}

/** The rotated files, oldest first; none when there is no such directory. */
export function rotatedFiles(path: string): RotatedFile[] {
  const prefix = `${basename(path)}.`;
  const found = namesIn(dirname(path)).flatMap((name) => {
    const parts = name.startsWith(prefix) && /^(\d{4}-\d\d-\d\d)(?:\.(\d+))?$/.exec(name.slice(prefix.length));
    return parts ? [{ path: join(dirname(path), name), day: parts[1], number: Number(parts[2] ?? 1) }] : [];
  });
  return found.sort((a, b) => a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1);
}

function namesIn(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name);
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return [];
    throw reason;
  }
}
