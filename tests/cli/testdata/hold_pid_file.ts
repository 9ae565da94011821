/** Stands for a daemon that hangs: holds a PID file and, with a second argument, ignores SIGTERM. */
import { PidFile } from "../../../src/daemon/pid_file.ts";

const [path, ignoresTerm] = Deno.args;
const _held = await PidFile.acquire(path);
if (ignoresTerm) Deno.addSignalListener("SIGTERM", () => {});
console.log("up");
await new Promise((resolve) => setTimeout(resolve, 60_000));
