import { HttpError } from "./reply.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  /** Milliseconds for the whole body. */
  readonly timeoutMs: number;
  /** Ends the wait for bodies that are still on their way when the server stops. */
  readonly stopping: AbortSignal;
}

/** The deepest body of any route has 2 levels. */
const MAX_DEPTH = 16;

/**
 * Reads a request's JSON; no body counts as `{}`.
 *
 * @throws {HttpError} 400 not JSON, 408 too slow, 413 too large, 503 the server stops. No text quotes the body.
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  const text = decode(await readChunks(request, limits));
  if (text === "") return {};
  if (isTooDeep(text)) throw new HttpError(400, "JSON is nested too deeply");
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, jsonError(text)); // the engine's own message would quote the body
  }
}

/** The body as it came, in one buffer, which the caller wipes. @throws {HttpError} 408, 413, 503. */
export async function readBytes(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const chunks = await readChunks(request, limits);
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
    chunk.fill(0);
  }
  return bytes;
}

async function readChunks(request: Request, { maxBytes, timeoutMs, stopping }: BodyLimits): Promise<Uint8Array[]> {
  const tooLarge = () => new HttpError(413, `Request body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  if (!request.body) return [];
  const reader = request.body.getReader();
  const deadline = deadlineOf(timeoutMs, stopping);
  const chunks: Uint8Array[] = [];
  try {
    for (let size = 0;;) {
      const { done, value } = await Promise.race([reader.read(), deadline.reached]);
      if (done) return chunks;
      size += value.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(value);
    }
  } catch (reason) {
    reader.cancel().catch(() => {});
    throw reason instanceof HttpError ? reason : new HttpError(400, "Request body could not be read");
  } finally {
    deadline.clear();
  }
}

/** Rejects when the time is over or the server stops, whichever comes first. */
function deadlineOf(timeoutMs: number, stopping: AbortSignal): { reached: Promise<never>; clear: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {}); // nobody listens between two races
  const stop = () => reject(new HttpError(503, "The server is stopping"));
  const timer = setTimeout(() => reject(new HttpError(408, "Request body did not arrive in time")), timeoutMs);
  if (stopping.aborted) stop();
  stopping.addEventListener("abort", stop);
  const clear = () => {
    clearTimeout(timer);
    stopping.removeEventListener("abort", stop);
  };
  return { reached: promise, clear };
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  } catch {
    throw new HttpError(400, "Request body is not valid UTF-8");
  }
}

/** Counts brackets outside strings, before anything is built from them. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const mark = text[i];
    if (mark === '"') inString = !inString;
    else if (inString && mark === "\\") i += 1;
    else if (!inString && (mark === "[" || mark === "{")) depth += 1;
    else if (!inString && (mark === "]" || mark === "}")) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** Python's text for the commonest mistakes, a plain one for the others. Contract runevault.md 3.3. */
function jsonError(text: string): string {
  const start = skipSpace(text, 0);
  if (!/^(?:[[{"0-9]|-[0-9]|true|false|null)/.test(text.slice(start, start + 8))) {
    return `Expecting value: ${position(text, start)}`;
  }
  const next = skipSpace(text, start + 1);
  if (text[start] === "{" && text[next] !== '"' && text[next] !== "}") {
    return `Expecting property name enclosed in double quotes: ${position(text, next)}`;
  }
  return "Request body is not valid JSON";
}

function skipSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length && " \t\n\r".includes(text[i])) i += 1;
  return i;
}

function position(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length} column ${before.at(-1)!.length + 1} (char ${at})`;
}
