/** What a tar archive says of a regular file. Format: POSIX.1-1988 ustar. */
export interface TarHeader {
  /** Relative, with slashes; at most 100 bytes, or 255 where a slash lets the first 155 be split off. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of content, at most 8 GiB - 1. */
  readonly size: number;
}

export const TAR_BLOCK = 512;
/** Two empty blocks. */
export const TAR_END: Uint8Array<ArrayBuffer> = new Uint8Array(2 * TAR_BLOCK);

/** Where the fields of a header stand, and how long they are. */
const FIELDS = { name: [0, 100], mode: [100, 8], size: [124, 12], checksum: [148, 8], prefix: [345, 155] } as const;
const TYPE = 156;
const MAGIC = 257;
const REGULAR = "0";
const encoder = new TextEncoder();

/**
 * One header block. The same file gives the same bytes on every machine: root owns all, the clock is at zero.
 *
 * @throws {Error} for a path that does not fit.
 */
export function tarHeader({ path, mode, size }: TarHeader): Uint8Array<ArrayBuffer> {
  const { prefix, name } = splitPath(path);
  const block = new Uint8Array(TAR_BLOCK);
  const put = (text: string, offset: number) => block.set(encoder.encode(text), offset);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  put(name, FIELDS.name[0]);
  put(octal(mode, 7), FIELDS.mode[0]);
  put(octal(0, 7), 108); // owner
  put(octal(0, 7), 116); // group
  put(octal(size, 11), FIELDS.size[0]);
  put(octal(0, 11), 136); // time of change
  put(REGULAR, TYPE);
  put("ustar\0" + "00", MAGIC);
  put(prefix, FIELDS.prefix[0]);
  put(`${checksumOf(block).toString(8).padStart(6, "0")}\0 `, FIELDS.checksum[0]);
  return block;
}

/** The empty bytes that fill a file's last block. */
export function tarPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

/**
 * Reads what tarHeader() writes; undefined for the empty block at the end.
 *
 * @throws {Error} when it is no header, or that of a link, a directory or a device.
 */
export function readTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (field: keyof typeof FIELDS) => textIn(block, FIELDS[field]);
  if (textIn(block, [MAGIC, 6]) !== "ustar" || octalOf(text("checksum")) !== checksumOf(block)) {
    throw new Error("not a tar archive");
  }
  if (String.fromCharCode(block[TYPE]) !== REGULAR) throw new Error("the archive holds something else than files");
  const prefix = text("prefix"), name = text("name");
  return { path: prefix === "" ? name : `${prefix}/${name}`, mode: octalOf(text("mode")), size: octalOf(text("size")) };
}

/** The sum of all bytes, the checksum's own counting as blanks. */
function checksumOf(block: Uint8Array): number {
  const [start, length] = FIELDS.checksum;
  return block.reduce((sum, byte, i) => sum + (i >= start && i < start + length ? 0x20 : byte), 0);
}

/** Up to the first NUL. */
function textIn(block: Uint8Array, [start, length]: readonly [number, number]): string {
  const field = block.subarray(start, start + length), end = field.indexOf(0);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? field : field.subarray(0, end));
  } catch {
    throw new Error("a name in the archive is not UTF-8");
  }
}

function octalOf(text: string): number {
  if (!/^[0-7]{1,11} ?$/.test(text)) throw new Error("a number in the archive is damaged");
  return parseInt(text, 8);
}

function splitPath(path: string): { prefix: string; name: string } {
  const length = (text: string) => encoder.encode(text).length;
  if (length(path) <= 100) return { prefix: "", name: path };
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const prefix = path.slice(0, slash), name = path.slice(slash + 1);
    if (length(prefix) <= 155 && length(name) <= 100) return { prefix, name };
  }
  throw new Error(`${path} is too long for a tar archive`);
}
