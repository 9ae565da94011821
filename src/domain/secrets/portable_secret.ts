import { VaultError } from "#errors/mod.ts";
import type { SecretAddress, SecretRecord, SecretVersion } from "#ports/secret_store.ts";
import { resourceOf } from "./address.ts";
import { type OpenedMaterial, wipeMaterial } from "./opened_secret.ts";
import { LAST_SECOND } from "./schedule.ts";
import { checkMaterialFits, checkUpdate } from "./validate.ts";

/** One version in clear, as it travels between vaults; whoever made it wipes it. */
export interface PortableVersion extends Omit<SecretVersion, "sealed"> {
  readonly material: OpenedMaterial;
}

/** A secret with its history, in clear and bound to no vault. */
export interface PortableSecret extends Omit<SecretRecord, "id" | "revision" | keyof SecretAddress> {
  readonly address: SecretAddress;
  /** In any order, the current one among them. */
  readonly versions: readonly PortableVersion[];
}

const MAX_NAME_BYTES = 1024;
const MAX_VERSIONS = 10_000;
const LAST_MILLISECOND = (LAST_SECOND + 1) * 1000 - 1;

export function wipePortable({ versions }: PortableSecret): void {
  for (const { material } of versions) wipeMaterial(material);
}

/** Whether a vault could have made it. @throws {VaultError} INVALID_ARGUMENT naming the secret, never quoting a value. */
export function checkPortable(secret: PortableSecret): void {
  const { kind, rotationIntervalSeconds, nextRotationAt, createdAt, updatedAt, updatedBy } = secret;
  try {
    checkUpdate(secret);
    if (kind === "automatic" && rotationIntervalSeconds === null) throw invalid("it is automatic without an interval");
    if (!isTime(createdAt) || !isTime(updatedAt)) throw invalid("its times are not within the calendar");
    if (nextRotationAt !== null && (kind !== "automatic" || !isSecond(nextRotationAt))) {
      throw invalid("its next rotation cannot be");
    }
    checkActor(updatedBy);
    checkVersions(secret);
  } catch (reason) {
    if (!(reason instanceof VaultError)) throw reason;
    throw new VaultError(reason.code, `'${resourceOf(secret.address)}': ${reason.message}`);
  }
}

function checkVersions({ format, currentVersion, versions }: PortableSecret): void {
  if (versions.length > MAX_VERSIONS) throw invalid(`it has more than ${MAX_VERSIONS} versions`);
  const numbers = new Set(versions.map(({ version }) => version));
  if (numbers.size !== versions.length || !numbers.has(currentVersion)) {
    throw invalid("a version is there twice, or the current one is missing");
  }
  for (const { version, createdAt, createdBy, expiresAt, material } of versions) {
    if (!Number.isSafeInteger(version) || version < 1 || version > currentVersion) throw invalid("a version cannot be");
    if (!isTime(createdAt)) throw invalid("a version's time is not within the calendar");
    if ((expiresAt === null) !== (version === currentVersion) || expiresAt !== null && !isSecond(expiresAt)) {
      throw invalid("a version's end of grace cannot be");
    }
    checkActor(createdBy);
    if (material.format !== format) throw invalid("a version has another format");
    const { format: _, ...parts } = material;
    checkMaterialFits(format, parts);
  }
}

function checkActor(actor: string): void {
  if (actor.length > MAX_NAME_BYTES) throw invalid("the name of who changed it is too long");
}

function isTime(milliseconds: number): boolean {
  return Number.isSafeInteger(milliseconds) && milliseconds >= 0 && milliseconds <= LAST_MILLISECOND;
}

function isSecond(seconds: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= LAST_SECOND;
}

function invalid(text: string): VaultError {
  return new VaultError("INVALID_ARGUMENT", text);
}
