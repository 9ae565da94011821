import { parseAddress } from "#domain/secrets/mod.ts";
import type { ImportedSecret } from "#ports/secret_store.ts";
import { bytes, TestEngine } from "../support/secret_engine.ts";

const BATCH = 5000;

const SETTINGS = {
  kind: "manual",
  format: "opaque",
  description: "one of very many",
  rotationIntervalSeconds: null,
  graceSeconds: 0,
  currentVersion: 1,
  nextRotationAt: null,
  createdAt: 1,
  updatedAt: 1,
  updatedBy: "bench",
} as const;

/** Of secret `i` of fill(). */
export function nameOf(i: number): string {
  return `project-${i % 97}/service/${(i * 2654435761 >>> 0).toString(36)}/${i}`;
}

/** Makes a store with so many secrets, sealed for real under the test's master key, in transactions of many. */
export async function fill(path: string, count: number): Promise<void> {
  await using test = new TestEngine({ path });
  for (let from = 0; from < count; from += BATCH) {
    const batch: ImportedSecret[] = [];
    for (let i = from; i < Math.min(count, from + BATCH); i++) {
      const sealed = await test.sealer.seal(nameOf(i), 1, bytes(`a value of some length, number ${i}`));
      const version = { version: 1, sealed, createdAt: 1, createdBy: "bench", expiresAt: null };
      batch.push({ ...SETTINGS, address: parseAddress(nameOf(i)), versions: [version] });
    }
    await test.store.importSecrets(batch);
  }
}
