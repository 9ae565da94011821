import type { ImportResultJson, SecretsClient } from "#edge/admin/secrets_client.ts";
import type { PortableJson } from "./portable.ts";

export interface ImportOrder {
  readonly projects: readonly { readonly name: string; readonly description: string | null }[];
  /** Of `projects` the one that becomes the default where there is none. */
  readonly defaultProject?: string;
  readonly secrets: AsyncIterable<PortableJson>;
  /** fail, skip or new-version. */
  readonly onConflict: string;
}

/** A batch goes once it has so many secrets, or characters. */
const BATCH_SECRETS = 100, BATCH_CHARACTERS = 1024 * 1024;

/**
 * Sends secrets to the daemon and has it take them in, all or none: whatever ends this early, also the end of the
 * process, leaves nothing behind.
 */
export async function sendImport(
  client: SecretsClient,
  { projects, defaultProject, secrets, onConflict }: ImportOrder,
): Promise<ImportResultJson> {
  const id = await client.beginImport(projects);
  try {
    let sent = 0;
    for await (const batch of batches(secrets)) {
      await client.stage(id, batch);
      sent += batch.length;
    }
    return await client.commitImport(id, { on_conflict: onConflict, secrets: sent, default_project: defaultProject });
  } catch (reason) {
    await client.endImport(id).catch(() => {}); // else it ends by itself
    throw reason;
  }
}

async function* batches(secrets: AsyncIterable<PortableJson>): AsyncGenerator<PortableJson[], void> {
  let batch: PortableJson[] = [], characters = 0;
  for await (const secret of secrets) {
    batch.push(secret);
    characters += JSON.stringify(secret).length;
    if (batch.length < BATCH_SECRETS && characters < BATCH_CHARACTERS) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}
