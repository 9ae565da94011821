import { VaultError } from "#errors/mod.ts";
import type { DamagedRecord, SecretRecord, SecretStore } from "#ports/secret_store.ts";
import { checkProjectName, findAddress, resourceOf } from "./address.ts";
import type { ListSecrets, SecretPage } from "./requests.ts";
import { checkLimit } from "./validate.ts";

const PAGE = 100;
/** Records read at a time at most while a caller who may see few of them waits for a full page. */
const MAX_CHUNK = 512;
/** Longer than any name and cursor. */
const MAX_TEXT = 1024;

/** A page of what the caller may see, full unless it is the last. @throws {VaultError} INVALID_ARGUMENT. */
export async function listSecrets(store: SecretStore, query: ListSecrets): Promise<SecretPage> {
  const { limit = PAGE, visible = () => true } = query;
  checkLimit(limit);
  const prefix = prefixOf(query), secrets: SecretRecord[] = [], damaged: DamagedRecord[] = [];
  let after = textOf(query.after ?? ""), last = after, wanted = limit + 1;
  for (;;) {
    const rows = await store.listSecrets({ prefix, after, limit: wanted });
    for (const { position, record } of rows) {
      const address = "damage" in record ? findAddress(position) : record;
      // A name that has been damaged belongs to nobody: only who may see everything sees it.
      if (address ? !visible(resourceOf(address)) : query.visible) continue;
      if (secrets.length + damaged.length === limit) return { secrets, damaged, next: last };
      if ("damage" in record) damaged.push(record);
      else secrets.push(record);
      last = position;
    }
    if (rows.length < wanted) return { secrets, damaged };
    after = rows.at(-1)!.position;
    wanted = Math.min(MAX_CHUNK, 2 * wanted);
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
