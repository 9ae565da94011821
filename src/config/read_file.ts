/** A small text file and its permission bits (setuid and the like included), read through one open file: no race between the two. */
export interface TextFile {
  readonly text: string;
  readonly mode: number;
}

/**
 * Reads at most `maxBytes`, so that a device or a wrong path cannot fill the memory.
 *
 * @throws {Deno.errors.NotFound} when there is no such file; other operating system errors as they are.
 * @throws {RangeError} when it is larger. @throws {TypeError} when it is not UTF-8.
 */
export async function readTextFile(path: string, maxBytes: number): Promise<TextFile> {
  using file = await Deno.open(path);
  const { mode } = await file.stat();
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length <= maxBytes) {
    const n = await file.read(bytes.subarray(length));
    if (n === null) break;
    length += n;
  }
  if (length > maxBytes) throw new RangeError(`larger than ${maxBytes} bytes`);
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length)),
      mode: (mode ?? 0) & 0o7777,
    };
  } catch {
    throw new TypeError("not valid UTF-8");
  }
}

/** The operating system's words for a failure, without the call and path that Deno appends. */
export function osText(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return /^.*?\(os error \d+\)/s.exec(text)?.[0] ?? text;
}

/** A warning when others than the owner may touch the file, or it is executable; 0400 is fine (contract runevault.md 5.4). */
export function modeWarning(label: string, path: string, mode: number): string | undefined {
  if ((mode & ~0o600) === 0) return undefined;
  const octal = mode.toString(8).padStart(4, "0");
  return `config: secret file mode is too permissive: ${label} ${path} mode ${octal}, expected 0600`;
}
