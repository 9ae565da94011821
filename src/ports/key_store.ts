/** Where the FHE key files live: one directory, private to the vault's user. */

/** A directory of key files that is not yet in place. */
export interface KeyDraft {
  /** Absolute path, for the library that writes into it. */
  readonly directory: string;
  read(file: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes a new file, durable and readable by its owner alone. */
  write(file: string, data: Uint8Array): Promise<void>;
  remove(file: string): Promise<void>;
}

/** A key file that is read in parts; what replaces the file meanwhile does not show. */
export interface OpenKeyFile extends Disposable {
  /** Its bytes. */
  readonly size: number;
  /** The bytes from `offset`, `length` of them or those up to the end; one call after the other. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

export interface KeyStore {
  /** Absolute path of the directory, for messages. */
  readonly directory: string;
  /** Names of the files in place; empty when the directory does not exist. */
  list(): Promise<string[]>;
  /** A text that changes whenever the file is written or replaced; undefined when there is none. */
  version(file: string): Promise<string | undefined>;
  /** The file's bytes, or undefined when there is none. */
  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Opens a file for reading in parts; undefined when there is none. */
  open(file: string): Promise<OpenKeyFile | undefined>;
  /** Puts a whole directory in place at once, or leaves things as they were when `fill` fails. */
  create(fill: (draft: KeyDraft) => Promise<void>): Promise<void>;
  /** Absolute path of a file in place. */
  pathOf(file: string): string;
  /** Lends `data` as a private file whose name ends in `.bin`; it is overwritten and removed when `use` returns. */
  withPrivateFile<T>(data: Uint8Array, use: (path: string) => T): T;
}
