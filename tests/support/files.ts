import { join } from "node:path";

/** Absolute paths of all regular files below a folder. */
export function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesIn(join(folder, name));
    else if (isFile) yield join(folder, name);
  }
}

/** Whether there is something of that name, also a link that leads nowhere. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
