import { PayloadError } from "#errors/mod.ts";
import { jsonIn } from "./portable.ts";

/** One secret with a thousand versions of the greatest size. */
const MAX_LINE_BYTES = 128 * 1024 * 1024;
const NEWLINE = 10;

/** The JSON values of a stream, one a line. @throws {PayloadError} naming the line, quoting nothing. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void> {
  let number = 1, length = 0, parts: Uint8Array[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield parsed([...parts, chunk.subarray(from, end)], number++);
      from = end + 1;
      length = 0;
      parts = [];
    }
    parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > MAX_LINE_BYTES) throw new PayloadError(`line ${number} is too long`);
  }
  if (length > 0) throw new PayloadError(`line ${number} has no end`);
}

function parsed(parts: readonly Uint8Array[], number: number): unknown {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text: string;
  try {
    text = parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  } catch {
    throw new PayloadError(`line ${number} is not UTF-8`);
  }
  return jsonIn(text, `line ${number}`);
}
