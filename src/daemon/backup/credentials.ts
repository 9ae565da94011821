import type { AgeKey } from "#adapters/archive/mod.ts";
import { modeWarning, osText, readTextFile } from "#config/read_file.ts";
import { VaultError } from "#errors/mod.ts";

/** What a credential file held, and what its owner should mend. */
export interface Credential<T> {
  readonly value: T;
  readonly warning?: string;
}

const MAX_BYTES = 64 * 1024;
const MAX_IDENTITIES = 100;
const IDENTITY = /^AGE-SECRET-KEY-(1|PQ-1)[0-9A-Z]{50,200}$/;

/**
 * The passphrase in a file; trailing newlines are an editor's.
 *
 * @throws {VaultError} when it cannot be read, or is empty.
 */
export async function readPassphrase(path: string): Promise<Credential<{ passphrase: string }>> {
  const { text, warning } = await readSecretText("--passphrase-file", path);
  const passphrase = text.replace(/[\r\n]+$/, "");
  if (passphrase === "") throw refusal(`--passphrase-file ${path}: the passphrase is empty`);
  return { value: { passphrase }, warning };
}

/**
 * The identities in a file as age-keygen writes it: one a line, beside comments.
 *
 * @throws {VaultError} naming the line that is none; no line is quoted.
 */
export async function readIdentities(path: string): Promise<Credential<AgeKey>> {
  const { text, warning } = await readSecretText("--identity-file", path);
  const lines = text.split("\n").map((line) => line.trim());
  const wrong = lines.findIndex((line) => line !== "" && !line.startsWith("#") && !IDENTITY.test(line));
  if (wrong >= 0) {
    const what = "is not an age identity (AGE-SECRET-KEY-1...); a file with a passphrase has to be decrypted first";
    throw refusal(`--identity-file ${path}: line ${wrong + 1} ${what}`);
  }
  const identities = lines.filter((line) => IDENTITY.test(line));
  if (identities.length === 0 || identities.length > MAX_IDENTITIES) {
    throw refusal(`--identity-file ${path} holds no identity, or more than ${MAX_IDENTITIES}`);
  }
  return { value: { identities }, warning };
}

/** A small secret file as text. @throws {VaultError} naming the flag and the file. */
export async function readSecretText(label: string, path: string): Promise<{ text: string; warning?: string }> {
  try {
    const { text, mode } = await readTextFile(path, MAX_BYTES);
    return { text, warning: modeWarning(label, path, mode)?.replace(/^config: /, "") };
  } catch (reason) {
    throw refusal(`read ${label} ${path}: ${osText(reason)}`);
  }
}

function refusal(text: string): VaultError {
  return new VaultError("FAILED_PRECONDITION", text);
}
