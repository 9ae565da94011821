import assert from "node:assert/strict";
import { parseAuditMode } from "./audit_mode.ts";

const OFF = { file: false, stdout: false };
const FILE = { file: true, stdout: false };
const STDOUT = { file: false, stdout: true };
const BOTH = { file: true, stdout: true };

for (
  const { mode, want } of [
    { mode: "", want: OFF },
    { mode: "file", want: FILE },
    { mode: "stdout", want: STDOUT },
    { mode: "file+stdout", want: BOTH },
    { mode: "stdout+file", want: BOTH },
    { mode: "FILE+StdOut", want: BOTH },
    { mode: "  file +\tstdout ", want: BOTH },
    { mode: "unknown", want: OFF },
    { mode: "file+unknown", want: FILE },
    { mode: "file:/Var/Log/A.log", want: { ...FILE, path: "/Var/Log/A.log" } },
    { mode: "FILE:/Var/Log/A.log+stdout", want: { ...BOTH, path: "/Var/Log/A.log" } },
    { mode: "file:", want: FILE },
  ]
) {
  Deno.test(`parseAuditMode(${JSON.stringify(mode)})`, () => assert.deepEqual(parseAuditMode(mode), want));
}
