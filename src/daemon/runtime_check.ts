import { VaultError } from "#errors/mod.ts";

/** The release that runevault is tested on. */
export const TESTED_RUNTIME = "2.9.3";

// An ordinary client that ends its session aborts these: any stranger could stop the vault.
const CRASHING = new Set(["2.9.4", "2.9.5", "2.9.6"]);

/** @throws {VaultError} for a Deno release whose HTTP/2 server is known to crash. */
export function checkRuntime(version: string): void {
  if (!CRASHING.has(version)) return;
  throw new VaultError(
    "FAILED_PRECONDITION",
    `Deno ${version} aborts when an HTTP/2 client ends its session (denoland/deno#36788): ` +
      `any client could stop the vault. Run it with Deno ${TESTED_RUNTIME}, e.g. npx -y deno@${TESTED_RUNTIME}`,
  );
}
