import { VaultError } from "#errors/mod.ts";
import { nextTurn } from "#ports/pause.ts";
import type { DamagedRecord, NameRange, SecretAddress, SecretRecord, SecretStore } from "#ports/secret_store.ts";
import { checkProjectName, findAddress, resourceOf } from "./address.ts";
import type { ListSecrets, SecretPage } from "./requests.ts";
import { checkLimit } from "./validate.ts";

const PAGE = 100;
/** Names read at a time at most while a caller who may see few of them waits for a full page: some milliseconds. */
const MAX_CHUNK = 2048;
/** Longer than any name and cursor. */
const MAX_TEXT = 1024;

/** What is on a page, in the order of the names. */
interface Entry {
  readonly position: string;
  readonly record: SecretRecord | DamagedRecord;
}

/** A page of what the caller may see, full unless it is the last. @throws {VaultError} INVALID_ARGUMENT. */
export async function listSecrets(store: SecretStore, query: ListSecrets): Promise<SecretPage> {
  const { limit = PAGE, visible } = query;
  checkLimit(limit);
  const range = { prefix: prefixOf(query), after: textOf(query.after ?? ""), limit: limit + 1 };
  const entries = visible ? await visibleEntries(store, range, visible) : await store.listSecrets(range);
  const page = entries.slice(0, limit), secrets: SecretRecord[] = [], damaged: DamagedRecord[] = [];
  for (const { record } of page) {
    if ("damage" in record) damaged.push(record);
    else secrets.push(record);
  }
  return { secrets, damaged, ...entries.length > limit && { next: page.at(-1)!.position } };
}

/**
 * The first so many that the caller may see. All others cost a look at their name alone, and other callers are served in
 * between: there may be a million of them.
 */
async function visibleEntries(
  store: SecretStore,
  { prefix, after, limit }: NameRange,
  visible: (resource: string) => boolean,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let wanted = limit;; wanted = Math.min(MAX_CHUNK, 2 * wanted)) {
    const names = await store.listNames({ prefix, after, limit: wanted });
    for (const name of names) {
      const address = findAddress(name); // a name that has been damaged belongs to nobody
      if (!address || !visible(resourceOf(address))) continue;
      const record = await recordOf(store, address, name);
      if (record) entries.push({ position: name, record });
      if (entries.length === limit) return entries;
    }
    if (names.length < wanted) return entries;
    after = names.at(-1)!;
    await nextTurn();
  }
}

/** Undefined for one that was deleted since its name was read. */
async function recordOf(
  store: SecretStore,
  address: SecretAddress,
  name: string,
): Promise<Entry["record"] | undefined> {
  try {
    return await store.findSecret(address);
  } catch (reason) {
    if (reason instanceof VaultError && reason.code === "DATA_LOSS") return { name, damage: reason };
    throw reason;
  }
}

function prefixOf({ project, prefix = "" }: ListSecrets): string {
  if (project === undefined) return textOf(prefix);
  checkProjectName(project);
  return textOf(`${project}/${prefix}`);
}

function textOf(text: string): string {
  if (text.length > MAX_TEXT) throw new VaultError("INVALID_ARGUMENT", `prefix or cursor is longer than ${MAX_TEXT}`);
  return text;
}
