import { resolve } from "node:path";
import { messageOf } from "#errors/mod.ts";
import type { Context } from "./context.ts";
import type { Option } from "./command.ts";
import type { Io } from "./io.ts";

/** Of a value; what is longer, no vault takes. */
const MAX_BYTES = 65_536;
const ENTER = [10, 13], INTERRUPT = 3, END = 4, ERASE = [8, 127];

export const FILE_OPTION: Option = {
  flag: "--file",
  metavar: "FILE",
  help: "File with the value (default: stdin)",
  isPath: true,
};
export const TRIM_OPTION: Option = { flag: "--trim-newline", help: "Leave out one newline at the end of the value" };

/**
 * The value that a command is about: all bytes of --file or stdin, without an echo where that is a terminal. Never from an
 * argument, which every process on the machine can read.
 *
 * @throws {Error} which quotes nothing of it.
 */
export async function readValue({ values, io }: Context): Promise<string> {
  const file = values.text(FILE_OPTION.flag);
  const isTyped = file === undefined && Deno.stdin.isTerminal();
  const bytes = isTyped ? await readTyped(io) : await readAll(file);
  if (bytes.length > MAX_BYTES) throw new Error(`the value is longer than ${MAX_BYTES} bytes`);
  const text = decode(bytes);
  bytes.fill(0);
  return values.has(TRIM_OPTION.flag) ? text.replace(/\r?\n$/, "") : text;
}

async function readAll(file: string | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(MAX_BYTES + 1);
  try {
    using source = file === undefined ? undefined : await Deno.open(resolve(file));
    const from = source ?? Deno.stdin;
    let length = 0;
    while (length < bytes.length) {
      const count = await from.read(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } catch (reason) {
    throw new Error(file === undefined ? `read stdin: ${messageOf(reason)}` : `read --file ${file}: ${osText(reason)}`);
  }
}

/** One line from a terminal, with the keys that people expect. */
async function readTyped(io: Io): Promise<Uint8Array> {
  const typed: number[] = [], chunk = new Uint8Array(1024);
  Deno.stdin.setRaw(true); // before the prompt: who answers it at once must not be shown either
  try {
    io.stderr("Value (not shown, ends with Enter): ");
    for (;;) {
      const count = await Deno.stdin.read(chunk);
      for (const byte of chunk.subarray(0, count ?? 0)) {
        if (byte === INTERRUPT) throw new Error("interrupted");
        if (byte === END || ENTER.includes(byte)) return Uint8Array.from(typed);
        if (ERASE.includes(byte)) eraseLast(typed);
        else if (typed.length <= MAX_BYTES) typed.push(byte);
      }
      if (count === null) return Uint8Array.from(typed);
    }
  } finally {
    Deno.stdin.setRaw(false);
    io.stderr("\n");
    chunk.fill(0);
    typed.fill(0);
  }
}

/** A character may have several bytes. */
function eraseLast(typed: number[]): void {
  let byte = typed.pop();
  while (byte !== undefined && (byte & 0xc0) === 0x80) byte = typed.pop();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error("the value must be UTF-8 text; encode binary values, in base64 for instance");
  }
}

function osText(reason: unknown): string {
  if (reason instanceof Deno.errors.NotFound) return "no such file";
  return messageOf(reason).replace(/(\(os error \d+\)).*/s, "$1");
}
