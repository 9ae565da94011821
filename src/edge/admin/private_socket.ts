/**
 * A Unix socket that no other user can connect to at any instant, whatever the umask is.
 *
 * A new socket gets the umask's mode, and Deno cannot set the umask. So it is bound inside a fresh directory of mode
 * 0700, gets its own mode there, and is moved to its place only then.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { messageOf } from "#errors/mod.ts";

/** The kernel's sockaddr_un has 108 bytes with the final NUL (Linux; 104 on macOS). */
const MAX_PATH_BYTES = Deno.build.os === "darwin" ? 103 : 107;

/** Where the socket is bound before it is moved to `socket`: the net permission must be for this path. */
export function bindPathOf(socket: string): string {
  const name = basename(socket);
  return join(dirname(socket), `.${name}.bind`, name);
}

/**
 * Makes the parent directory (mode 0700 if missing) and the fresh directory to bind in.
 *
 * @throws {Error} when the path is too long for a socket or a directory cannot be made.
 */
export function prepareBind(socket: string): void {
  const bindPath = bindPathOf(socket);
  const bytes = new TextEncoder().encode(bindPath).length;
  if (bytes > MAX_PATH_BYTES) {
    throw new Error(`admin socket ${socket}: the path is too long by ${bytes - MAX_PATH_BYTES} bytes`);
  }
  Deno.mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  removeBindDirectory(socket);
  // Fails if anything is there: another user's directory, made in a shared parent, must not be bound in.
  Deno.mkdirSync(dirname(bindPath), { mode: 0o700 });
}

/**
 * Moves the bound socket to its place, where whatever was left there, of any type, is removed.
 *
 * @throws {Error} when that cannot be removed, e.g. a directory that is not empty.
 */
export function publish(socket: string): SocketFile {
  const bindPath = bindPathOf(socket);
  Deno.chmodSync(bindPath, 0o600);
  const { dev, ino } = Deno.lstatSync(bindPath);
  try {
    Deno.removeSync(socket);
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) {
      throw new Error(`admin socket ${socket}: what is in its place cannot be removed: ${messageOf(reason)}`);
    }
  }
  Deno.renameSync(bindPath, socket);
  removeBindDirectory(socket);
  return { path: socket, dev, ino };
}

/** The file of one bound socket, told apart from a later one at the same path. */
export interface SocketFile {
  readonly path: string;
  readonly dev: number;
  readonly ino: number | null;
}

/** Removes the file if it is still the same one; call it while listening, since a closed socket's inode may be reused. */
export function unpublish({ path, dev, ino }: SocketFile): void {
  try {
    const there = Deno.lstatSync(path);
    if (there.dev === dev && there.ino === ino) Deno.removeSync(path);
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
}

/** Also removes what a crash left there. */
export function removeBindDirectory(socket: string): void {
  try {
    Deno.removeSync(dirname(bindPathOf(socket)), { recursive: true });
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
}
