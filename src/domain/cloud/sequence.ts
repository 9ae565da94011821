/**
 * The steps that make the cluster ready for the team, contract runevault.md 8.4. Any failing step stops the later ones,
 * and repeating them all is harmless.
 *
 * @module
 */
import { type Cloud, CloudError, type EvalKeyParts, type TeamIndex } from "#ports/cloud.ts";

/** What the cluster shall have. */
export interface Residency {
  readonly keyId: string;
  /** Opens the evaluation key; called only when the cluster does not know it. */
  readonly openEvalKey: () => Promise<EvalKeyParts & Disposable>;
  /** Name of the team's index; empty: none is asked for. */
  readonly indexName: string;
  /** Dimension of the team's vectors. */
  readonly dim: number;
}

/** @throws {CloudError} from the step that failed. @throws {PayloadError} when the evaluation key's file is not valid. */
export async function ensureResident(cloud: Cloud, residency: Residency): Promise<void> {
  await activateKey(cloud, residency);
  const { indexName: name, dim, keyId } = residency;
  if (name !== "") await ensureIndex(cloud, { name, dim, keyId });
}

/** Other keys in the cluster are unloaded, never deleted: they may be a colleague's, and come back with one call. */
export async function activateKey(
  cloud: Cloud,
  { keyId, openEvalKey }: Pick<Residency, "keyId" | "openEvalKey">,
): Promise<void> {
  const listed = await cloud.keyList();
  if (!listed.includes(keyId)) {
    using key = await openEvalKey();
    await cloud.registerKey(keyId, key);
  }
  for (const other of listed) {
    if (other !== keyId) await cloud.unloadKey(other);
  }
  await cloud.loadKey(keyId);
}

export async function ensureIndex(cloud: Cloud, index: TeamIndex): Promise<void> {
  if (index.name === "") throw new CloudError("refused", "envector: WithIndexName required");
  const names = await cloud.indexList();
  if (!names.includes(index.name)) await cloud.createIndex(index);
}
