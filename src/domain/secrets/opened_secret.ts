import type { SecretRecord, SecretVersion } from "#ports/secret_store.ts";
import { wipe } from "./wipe.ts";

/** A value in clear UTF-8, in buffers that belong to its OpenedSecret. */
export type OpenedMaterial =
  | { readonly format: "opaque"; readonly value: Uint8Array }
  | { readonly format: "userpass"; readonly username: Uint8Array; readonly password: Uint8Array };

/** A secret with the value of one version. Whoever gets it disposes of it, which wipes the value. */
export class OpenedSecret implements Disposable {
  constructor(
    readonly secret: SecretRecord,
    readonly version: Omit<SecretVersion, "sealed">,
    readonly material: OpenedMaterial,
  ) {}

  /** Neither JSON nor a log shows a value by accident. */
  toJSON(): string {
    return "[REDACTED]";
  }

  [Symbol.for("Deno.customInspect")](): string {
    return "OpenedSecret [REDACTED]";
  }

  [Symbol.dispose](): void {
    wipeMaterial(this.material);
  }
}

/** Secrets in the order asked for; disposing of it wipes them all. */
export class OpenedSecrets implements Disposable {
  constructor(readonly secrets: readonly OpenedSecret[]) {}

  [Symbol.dispose](): void {
    for (const secret of this.secrets) secret[Symbol.dispose]();
  }
}

export function wipeMaterial(material: OpenedMaterial): void {
  if (material.format === "opaque") wipe(material.value);
  else wipe(material.username, material.password);
}
