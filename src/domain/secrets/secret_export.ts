import { VaultError } from "#errors/mod.ts";
import type { SecretAddress, SecretRecord } from "#ports/secret_store.ts";
import { canonicalName } from "./address.ts";
import { type OpenedMaterial, wipeMaterial } from "./opened_secret.ts";
import { type PortableSecret, type PortableVersion, wipePortable } from "./portable_secret.ts";
import { writeConflict } from "./refusals.ts";
import type { SecretEngine } from "./secret_engine.ts";

/** Some secrets of a project in clear; disposing of it wipes them. */
export interface ExportPage extends Disposable {
  readonly secrets: readonly PortableSecret[];
  /** There is more after this name; undefined on the last page. */
  readonly next?: string;
}

const SECRETS_AT_ONCE = 50;
/** A page with this much in clear is not made longer. */
const ENOUGH_BYTES = 2 * 1024 * 1024;
/** How often a secret that changes while it is read is read again. */
const ATTEMPTS = 5;

/**
 * Every version of a project's secrets that get() can read, a page at a time. Each secret is as it was at one moment.
 *
 * @param after `next` of the page before.
 * @throws {VaultError} DATA_LOSS for the first secret that is damaged: an export without it would pass for a whole one.
 */
export async function exportPage(engine: SecretEngine, project: string, after?: string): Promise<ExportPage> {
  const { secrets: records, damaged, next } = await engine.list({ project, after, limit: SECRETS_AT_ONCE });
  if (damaged.length > 0) throw damaged[0].damage;
  const secrets: PortableSecret[] = [];
  const dispose = () => secrets.forEach(wipePortable);
  try {
    let bytes = 0, last = after;
    for (const record of records) {
      if (bytes >= ENOUGH_BYTES) return { secrets, next: last, [Symbol.dispose]: dispose };
      const secret = await readWhole(engine, record);
      if (secret) secrets.push(secret);
      bytes += secret?.versions.reduce((sum, { material }) => sum + sizeOf(material), 0) ?? 0;
      last = canonicalName(record);
    }
    return { secrets, next, [Symbol.dispose]: dispose };
  } catch (reason) {
    dispose();
    throw reason;
  }
}

/** Undefined when it was deleted meanwhile. */
async function readWhole(engine: SecretEngine, address: SecretAddress): Promise<PortableSecret | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const versions: PortableVersion[] = [];
    try {
      const before = await engine.describe(address);
      for (const { version } of await engine.versions(address)) {
        versions.push(await readVersion(engine, address, version));
      }
      const after = await engine.describe(address);
      if (after.id === before.id && after.revision === before.revision) return portable(before, versions);
    } catch (reason) {
      wipeAll(versions);
      if (!(reason instanceof VaultError) || reason.code !== "NOT_FOUND") throw reason;
      if (!await exists(engine, address)) return undefined;
      continue;
    }
    wipeAll(versions);
  }
  throw writeConflict();
}

function portable(secret: SecretRecord, versions: readonly PortableVersion[]): PortableSecret {
  const { kind, format, description, rotationIntervalSeconds, graceSeconds, nextRotationAt } = secret;
  const { currentVersion, createdAt, updatedAt, updatedBy } = secret;
  const settings = { kind, format, description, rotationIntervalSeconds, graceSeconds, nextRotationAt };
  return { address: secret, ...settings, currentVersion, createdAt, updatedAt, updatedBy, versions };
}

async function readVersion(engine: SecretEngine, address: SecretAddress, version: number): Promise<PortableVersion> {
  const { version: { createdAt, createdBy, expiresAt }, material } = await engine.get(address, version);
  return { version, createdAt, createdBy, expiresAt, material };
}

async function exists(engine: SecretEngine, address: SecretAddress): Promise<boolean> {
  return await engine.describe(address).then(() => true, () => false);
}

function wipeAll(versions: readonly PortableVersion[]): void {
  for (const { material } of versions) wipeMaterial(material);
}

function sizeOf(material: OpenedMaterial): number {
  return material.format === "opaque" ? material.value.length : material.username.length + material.password.length;
}
