import { type Target, TARGETS } from "./targets.ts";

/** Printed by the REPL of the full Deno, which the base binary for executables, denort, does not contain. */
const REPL = new TextEncoder().encode("REPL is running with all permissions allowed");
const ELF = 0x7f454c46, MACH_O = 0xcffaedfe; // big-endian reading of the first four bytes
const MACHINES = {
  linux: { amd64: 0x3e, arm64: 0xb7 }, // e_machine
  darwin: { amd64: 0x01000007, arm64: 0x0100000c }, // cputype
} as const;

/** How to get Deno's base binary for executables where it cannot be fetched. */
export function denortAdvice(target: Target): string {
  const version = Deno.version.deno;
  return `On a machine with internet, get\n` +
    `  https://dl.deno.land/release/v${version}/denort-${target}.zip\n` +
    "unpack it, and name what is in it:\n" +
    `  DENORT_BIN=/path/to/denort deno task compile --target ${target}\n` +
    "or use 'deno task package', which needs no base binary.";
}

/**
 * Refuses a base binary that would make a wrong executable.
 *
 * @throws {Error} for the full Deno, from which a REPL with every permission would be built, and for another machine's.
 */
export function checkBaseBinary(content: Uint8Array, target: Target): void {
  if (contains(content, REPL)) {
    throw new Error(
      `DENORT_BIN is the full Deno: the executable would be a REPL with every permission. ${denortAdvice(target)}`,
    );
  }
  if (machineOf(content) !== MACHINES[TARGETS[target].os][TARGETS[target].arch]) {
    throw new Error(`DENORT_BIN is no executable for ${target}. ${denortAdvice(target)}`);
  }
}

/** The machine in the header of an ELF or Mach-O file, as MACHINES has it. */
function machineOf(content: Uint8Array): number | undefined {
  if (content.length < 64) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, 64);
  if (view.getUint32(0) === ELF) return view.getUint16(18, true);
  return view.getUint32(0) === MACH_O ? view.getUint32(4, true) : undefined;
}

function contains(content: Uint8Array, text: Uint8Array): boolean {
  for (let at = content.indexOf(text[0]); at >= 0; at = content.indexOf(text[0], at + 1)) {
    if (text.every((byte, i) => content[at + i] === byte)) return true;
  }
  return false;
}
