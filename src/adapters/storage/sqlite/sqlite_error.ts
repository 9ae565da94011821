import { messageOf, VaultError } from "#errors/mod.ts";

const BUSY = 5, LOCKED = 6, CORRUPT = 11, NOT_A_DATABASE = 26;

/** Tells a failure of SQLite in our terms; a VaultError keeps its code. The texts quote no value. */
export function storeError(what: string, reason: unknown): VaultError {
  const code = reason instanceof VaultError ? reason.code : codeOf(reason);
  const text = isInUse(reason) ? "another process uses it" : messageOf(reason);
  return new VaultError(code, `secrets store: ${what}: ${text}`, { cause: reason });
}

function codeOf(reason: unknown): VaultError["code"] {
  if (isInUse(reason)) return "FAILED_PRECONDITION";
  return [CORRUPT, NOT_A_DATABASE].includes(primaryCode(reason)) ? "DATA_LOSS" : "INTERNAL";
}

function isInUse(reason: unknown): boolean {
  return [BUSY, LOCKED].includes(primaryCode(reason));
}

/** Of https://sqlite.org/rescode.html; -1 for what is no failure of SQLite. */
function primaryCode(reason: unknown): number {
  const { errcode } = (reason ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : -1;
}
