import { join } from "node:path";
import type { KeyDraft, KeyStore, OpenKeyFile } from "#ports/key_store.ts";
import { syncDirectory } from "../files/mod.ts";

const LOAN = /^\.SecKey-.*\.bin$/;
const DRAFT = /^\.vault-key-.*\.draft$/;

/** Key files in `{keys.path}/vault-key/`: directories 0700, files 0600. */
export class KeyFiles implements KeyStore {
  readonly directory: string;

  constructor(readonly keysPath: string) {
    this.directory = join(keysPath, "vault-key");
  }

  async list(): Promise<string[]> {
    // What a killed process left behind holds a secret key: it goes before anything else happens.
    removeLeftovers(this.directory, LOAN);
    removeLeftovers(this.keysPath, DRAFT);
    const names: string[] = [];
    try {
      for await (const { name } of Deno.readDir(this.directory)) names.push(name);
    } catch (reason) {
      if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    }
    return names.sort();
  }

  async version(file: string): Promise<string | undefined> {
    return await unlessMissing(async () => {
      const { ino, size, mtime, ctime } = await Deno.stat(this.pathOf(file));
      return [ino, size, Number(mtime), Number(ctime)].join(":");
    });
  }

  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return unlessMissing(() => Deno.readFile(this.pathOf(file)));
  }

  open(file: string): Promise<OpenKeyFile | undefined> {
    return unlessMissing(() => PartlyReadFile.open(this.pathOf(file)));
  }

  pathOf(file: string): string {
    return join(this.directory, file);
  }

  async create(fill: (draft: KeyDraft) => Promise<void>): Promise<void> {
    await Deno.mkdir(this.keysPath, { recursive: true, mode: 0o700 });
    const directory = join(this.keysPath, `.vault-key-${crypto.randomUUID()}.draft`);
    await Deno.mkdir(directory, { mode: 0o700 });
    try {
      await fill(new DraftDirectory(directory));
      await syncDirectory(directory);
      await Deno.rename(directory, this.directory); // replaces an empty directory, refuses any other
      await syncDirectory(this.keysPath);
    } catch (reason) {
      await Deno.remove(directory, { recursive: true });
      throw reason;
    }
  }

  withPrivateFile<T>(data: Uint8Array, use: (path: string) => T): T {
    const path = this.pathOf(`.SecKey-${crypto.randomUUID()}.bin`);
    using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    try {
      writeAll(file, data);
      return use(path);
    } finally {
      file.seekSync(0, Deno.SeekMode.Start);
      writeAll(file, new Uint8Array(data.length));
      Deno.removeSync(path);
    }
  }
}

class PartlyReadFile implements OpenKeyFile {
  private constructor(readonly file: Deno.FsFile, readonly size: number) {}

  static async open(path: string): Promise<PartlyReadFile> {
    const file = await Deno.open(path);
    return new PartlyReadFile(file, (await file.stat()).size);
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    await this.file.seek(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < bytes.length) {
      const count = await this.file.read(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

class DraftDirectory implements KeyDraft {
  constructor(readonly directory: string) {}

  read(file: string): Promise<Uint8Array<ArrayBuffer>> {
    return Deno.readFile(join(this.directory, file));
  }

  async write(file: string, data: Uint8Array): Promise<void> {
    using handle = await Deno.open(join(this.directory, file), { write: true, createNew: true, mode: 0o600 });
    writeAll(handle, data);
    await handle.sync();
  }

  remove(file: string): Promise<void> {
    return Deno.remove(join(this.directory, file));
  }
}

function writeAll(file: Deno.FsFile, data: Uint8Array): void {
  for (let written = 0; written < data.length;) written += file.writeSync(data.subarray(written));
}

function removeLeftovers(directory: string, pattern: RegExp): void {
  try {
    for (const { name } of Deno.readDirSync(directory)) {
      if (pattern.test(name)) Deno.removeSync(join(directory, name), { recursive: true });
    }
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw reason;
  }
}
