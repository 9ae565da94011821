import { PayloadError } from "#errors/mod.ts";

/** One file of a backup. */
export interface ManifestFile {
  /** Relative to the install directory; below a folder for a file that lay elsewhere. */
  readonly path: string;
  /** 0600, or 0644 for what everybody may read. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** What is in a backup: its first entry, as JSON. */
export interface Manifest {
  /** Version of the runevault that made it. */
  readonly runevault: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  /** Absolute path of the directory that was backed up. */
  readonly installDir: string;
  /** In the order of the archive; the configuration comes first. */
  readonly files: readonly ManifestFile[];
}

export const MANIFEST_NAME = "manifest.json";
export const MAX_MANIFEST_BYTES = 1024 * 1024;
const FORMAT = 1;
const MAX_FILES = 1000;
const MAX_FILE_BYTES = 4 * 1024 ** 3;
const MAX_PATH_BYTES = 255;
const MODES: Readonly<Record<string, number>> = { "0600": 0o600, "0644": 0o644 };

export function writeManifest({ runevault, created, installDir, files }: Manifest): Uint8Array<ArrayBuffer> {
  const listed = files.map(({ path, mode, size, sha256 }) => {
    return { path, mode: mode.toString(8).padStart(4, "0"), size, sha256 };
  });
  const json = { format: FORMAT, runevault, created, install_dir: installDir, files: listed };
  return new TextEncoder().encode(`${JSON.stringify(json, undefined, 1)}\n`);
}

/** @throws {PayloadError} naming the field that is wrong, quoting nothing. */
export function readManifest(bytes: Uint8Array): Manifest {
  const { format, runevault, created, install_dir, files } = objectIn("the manifest", parsed(bytes));
  if (format !== FORMAT) {
    throw new PayloadError(`the manifest's format is not ${FORMAT}: made by a later release of runevault?`);
  }
  if (!Array.isArray(files) || files.length === 0 || files.length > MAX_FILES) {
    throw new PayloadError(`the manifest lists no files, or more than ${MAX_FILES}`);
  }
  const manifest = {
    runevault: lineIn("runevault", runevault),
    created: lineIn("created", created),
    installDir: lineIn("install_dir", install_dir),
    files: files.map(fileIn),
  };
  if (!manifest.installDir.startsWith("/")) throw new PayloadError("the manifest's install_dir is not absolute");
  const paths = new Set(manifest.files.map(({ path }) => path));
  if (paths.size < files.length) throw new PayloadError("the manifest lists a file twice");
  return manifest;
}

/** Whether it names a file below a directory and can leave that by no way. */
export function isSafePath(path: string): boolean {
  return new TextEncoder().encode(path).length <= MAX_PATH_BYTES && !/\p{Cc}/u.test(path) &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new PayloadError("the manifest is not JSON");
  }
}

function fileIn(value: unknown, i: number): ManifestFile {
  const name = `file ${i + 1} of the manifest`;
  const { path, mode, size, sha256 } = objectIn(name, value);
  if (typeof path !== "string" || !isSafePath(path)) throw new PayloadError(`${name}: its path leads elsewhere`);
  if (typeof mode !== "string" || !Object.hasOwn(MODES, mode)) throw new PayloadError(`${name}: its mode is not 0600`);
  if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || size > MAX_FILE_BYTES) {
    throw new PayloadError(`${name}: its size is not within 4 GiB`);
  }
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) throw new PayloadError(`${name}: no SHA-256`);
  return { path, mode: MODES[mode], size, sha256 };
}

function objectIn(name: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new PayloadError(`${name} is no JSON object`);
}

/** One line of printable text. */
function lineIn(field: string, value: unknown): string {
  if (typeof value === "string" && value.length <= 4096 && !/\p{Cc}/u.test(value)) return value;
  throw new PayloadError(`the manifest's ${field} is no line of text`);
}
