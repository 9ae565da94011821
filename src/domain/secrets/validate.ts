import { isUtf8 } from "node:buffer";
import { VaultError } from "#errors/mod.ts";
import type { SecretFormat } from "#ports/secret_store.ts";
import type { CreateSecret, Material, UpdateSecret } from "./requests.ts";

/** Of a value, a username, a password or a description. */
export const MAX_VALUE_BYTES = 65_536;
export const MAX_BATCH = 256;
export const MAX_PAGE = 1000;
const MAX_PROJECT_DESCRIPTION = 500;

/** Limits and texts of contract secrets.md A.4 to A.6, in its order; all refusals are INVALID_ARGUMENT. */
export function checkCreate(request: CreateSecret): void {
  const { kind, rotationIntervalSeconds: interval } = request;
  checkGrace(request.graceSeconds);
  if (kind === "automatic" && !isPositive(interval ?? 0)) {
    throw invalid("automatic secret requires positive 'rotation_interval_secs'");
  }
  checkInterval(interval);
  checkDescription(request.description);
  checkMaterial(request);
  if (kind === "automatic") {
    if (isUserPass(request) && !request.username) throw invalid("userpass secret requires 'username'");
    return;
  }
  if (!isUserPass(request)) {
    if (!request.value) throw invalid("manual secret requires 'value'");
    return;
  }
  if (!request.username) throw invalid("userpass secret requires 'username'");
  if (!request.password) throw invalid("manual userpass secret requires 'password'");
}

export function checkUpdate(change: UpdateSecret): void {
  checkInterval(change.rotationIntervalSeconds);
  checkGrace(change.graceSeconds);
  checkDescription(change.description);
}

/** What an update brings must fit the secret's format, which never changes. */
export function checkMaterialFits(format: SecretFormat, material: Material): void {
  if (format === "opaque" && isUserPass(material)) {
    throw invalid("secret is opaque; use 'value', not 'username'/'password'");
  }
  if (format === "userpass" && material.value) {
    throw invalid("secret is userpass; use 'username'/'password', not 'value'");
  }
  checkMaterial(material);
}

export function isUserPass({ username, password }: Material): boolean {
  return username !== undefined || password !== undefined;
}

export function hasMaterial(material: Material): boolean {
  return material.value !== undefined || isUserPass(material);
}

/** Refuses more names than a batch may have. */
export function checkBatch(names: number): void {
  if (names > MAX_BATCH) throw invalid(`batch too large: ${names} names (max ${MAX_BATCH})`);
}

export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw invalid(`limit must be 1 to ${MAX_PAGE}`);
}

export function checkProjectDescription(description: string | null): void {
  if (description !== null && [...description].length > MAX_PROJECT_DESCRIPTION) {
    throw invalid(`project description is longer than ${MAX_PROJECT_DESCRIPTION} characters`);
  }
}

function checkMaterial({ value, username, password }: Material): void {
  if (value && (username || password)) throw invalid("provide either 'value' or 'username'/'password', not both");
  checkText(value, "secret value");
  checkText(username, "username");
  checkText(password, "password");
}

function checkText(text: Uint8Array | undefined, label: string): void {
  if (!text) return;
  if (text.length === 0) throw invalid(`${label} must not be empty`);
  if (text.length > MAX_VALUE_BYTES) throw invalid(`${label} is too large`);
  if (!isUtf8(text)) throw invalid(`${label} must be UTF-8 text; encode binary values, in base64 for instance`);
}

function checkGrace(seconds: number | null | undefined): void {
  if (seconds !== null && seconds !== undefined && !(Number.isSafeInteger(seconds) && seconds >= 0)) {
    throw invalid("grace_period_secs must not be negative");
  }
}

function checkInterval(seconds: number | null | undefined): void {
  if (seconds !== null && seconds !== undefined && !isPositive(seconds)) {
    throw invalid("rotation_interval_secs must be positive");
  }
}

function isPositive(seconds: number): boolean {
  return Number.isSafeInteger(seconds) && seconds > 0;
}

function checkDescription(description: string | null | undefined): void {
  if (description && new TextEncoder().encode(description).length > MAX_VALUE_BYTES) {
    throw invalid("description is too large");
  }
}

function invalid(text: string): VaultError {
  return new VaultError("INVALID_ARGUMENT", text);
}
