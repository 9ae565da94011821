import { dirname } from "node:path";
import { messageOf } from "#errors/mod.ts";
import type { State, StateStore } from "#ports/state_store.ts";
import { removeStaged, type StagedFile, stageFile } from "./atomic_write.ts";
import { parseRoles } from "./parse_roles.ts";
import { parseTokens } from "./parse_tokens.ts";
import { StateYaml } from "./state_yaml.ts";

/** About 60,000 tokens. Parsing takes some 60 times a file's size in memory, so there has to be an end. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;

export interface StateFiles {
  readonly rolesFile: string;
  readonly tokensFile: string;
  /** Is told of what an operator should know about the files; never holds a token. */
  readonly warn?: (message: string) => void;
}

/**
 * Roles and tokens in two YAML files. Schema, style and leniency: contract runevault.md 2.7.
 *
 * Both files are always written, roles first, with mode 0600. They are replaced only after both new ones lie complete on
 * disk, and when replacing fails half-way the last durable state is put back.
 */
export class FileStateStore implements StateStore {
  readonly #files: StateFiles;
  readonly #yaml = new StateYaml();
  /** Held open from load() on: the sealed daemon may not open them any more, and each write has to sync them. */
  readonly #directories = new Map<string, Deno.FsFile>();
  #durable: State | undefined;

  constructor(files: StateFiles) {
    if (files.rolesFile === files.tokensFile) throw new Error(`${files.rolesFile}: one file for both roles and tokens`);
    this.#files = files;
  }

  /**
   * Where only one file is missing, the other one's content is kept: a lost roles.yml must not cost every token. A
   * missing tokens.yml is written at once; without any role the caller, who knows the default ones, writes both.
   */
  async load(): Promise<State | undefined> {
    const { rolesFile, tokensFile, warn } = this.#files;
    const [roles, tokens] = [await readText("roles", rolesFile), await readText("tokens", tokensFile)];
    await Promise.all([rolesFile, tokensFile].map(removeStaged));
    if (roles === undefined && tokens === undefined) return undefined;
    for (const directory of this.#places()) await this.#open(directory);
    const state = {
      roles: roles === undefined ? [] : parseRoles(roles, rolesFile),
      tokens: tokens === undefined ? [] : parseTokens(tokens, tokensFile, warn),
    };
    if (tokens === undefined) await this.save(state);
    this.#durable = state;
    return state;
  }

  async save(state: State): Promise<void> {
    try {
      await this.#write(state);
      this.#durable = state;
    } catch (reason) {
      // A renamed file that could not be synced is in place all the same, though its writer is told that nothing was
      // changed: without this, a restart would bring the refused change to life.
      const undone = reason instanceof HalfWritten && this.#durable ? await this.#restore(this.#durable) : "";
      throw new Error(messageOf(reason) + undone, { cause: reason });
    }
  }

  /** Saving again opens again. */
  close(): void {
    for (const handle of this.#directories.values()) handle.close();
    this.#directories.clear();
  }

  #places(): Set<string> {
    return new Set([dirname(this.#files.rolesFile), dirname(this.#files.tokensFile)]);
  }

  async #open(directory: string): Promise<Deno.FsFile> {
    const handle = this.#directories.get(directory) ?? await Deno.open(directory);
    this.#directories.set(directory, handle);
    return handle;
  }

  async #sync(directory: string): Promise<void> {
    const handle = await this.#open(directory);
    await handle.sync();
  }

  async #write({ roles, tokens }: State): Promise<void> {
    const { rolesFile, tokensFile } = this.#files;
    const texts = [[rolesFile, this.#yaml.roles(roles)], [tokensFile, this.#yaml.tokens(tokens)]] as const;
    const staged = await stageAll(texts.map(([path, text]) => () => stageFile(path, bounded(path, text))));
    try {
      await replaceAll(staged, [...this.#places()].map((directory) => () => this.#sync(directory)));
    } finally {
      for (const file of staged) await file.discard();
    }
  }

  async #restore(state: State): Promise<string> {
    try {
      await this.#write(state);
      return "";
    } catch (reason) {
      return `; nor could the files be put back: ${messageOf(reason)}`;
    }
  }
}

/** The failure came after a file had been replaced. */
class HalfWritten extends Error {}

/** Stages at once, for each one waits for the disk; where one fails, none stays. */
async function stageAll(stages: readonly (() => Promise<StagedFile>)[]): Promise<StagedFile[]> {
  const outcomes = await Promise.allSettled(stages.map((stage) => Promise.try(stage)));
  const staged = outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (!failed) return staged;
  for (const file of staged) await file.discard();
  throw failed.reason;
}

async function replaceAll(staged: readonly StagedFile[], syncs: readonly (() => Promise<void>)[]): Promise<void> {
  let replaced = 0;
  try {
    for (const file of staged) {
      await file.commit();
      replaced += 1;
    }
    for (const sync of syncs) await sync();
  } catch (reason) {
    throw replaced > 0 ? new HalfWritten(messageOf(reason), { cause: reason }) : reason;
  }
}

/** A file that could not be read back at the next start must not be written. */
function bounded(path: string, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_FILE_BYTES) throw new Error(`${path}: more than ${MAX_FILE_BYTES} bytes`);
  return bytes;
}

/** The file's text, or undefined when there is no such file. */
async function readText(kind: "roles" | "tokens", path: string): Promise<string | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new Error("not a regular file");
    if (size > MAX_FILE_BYTES) throw new Error(`more than ${MAX_FILE_BYTES} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`read ${kind} file ${path}: ${messageOf(reason)}`, { cause: reason });
  }
}
