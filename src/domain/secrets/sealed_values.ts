import type { Sealer } from "#ports/sealer.ts";
import type { SealedValue, SecretAddress, SecretFormat, SecretRecord, SecretVersion } from "#ports/secret_store.ts";
import { canonicalName } from "./address.ts";
import { type OpenedMaterial, OpenedSecret } from "./opened_secret.ts";
import { decodeUserPass, encodeUserPass } from "./userpass_json.ts";
import { wipe } from "./wipe.ts";

/** Values to and from their sealed form, contract secrets.md A.16; all that is clear in between is wiped. */
export class SealedValues {
  constructor(readonly sealer: Sealer) {}

  async seal(address: SecretAddress, version: number, material: OpenedMaterial): Promise<SealedValue> {
    const name = canonicalName(address);
    if (material.format === "opaque") return await this.sealer.seal(name, version, material.value);
    const json = encodeUserPass(material);
    try {
      return await this.sealer.seal(name, version, json);
    } finally {
      wipe(json);
    }
  }

  /** In buffers that the caller wipes. @throws {VaultError} DATA_LOSS when it is not what was sealed for this version. */
  async open(address: SecretAddress, format: SecretFormat, version: SecretVersion): Promise<OpenedMaterial> {
    return materialOf(format, await this.#plaintext(address, version));
  }

  /** What /verify compares: the value, or the password of a pair. In a buffer that the caller wipes. */
  async openProof(secret: SecretRecord, version: SecretVersion): Promise<Uint8Array> {
    const material = await this.open(secret, secret.format, version);
    if (material.format === "opaque") return material.value;
    wipe(material.username);
    return material.password;
  }

  async openSecret(secret: SecretRecord, version: SecretVersion): Promise<OpenedSecret> {
    return new OpenedSecret(secret, version, materialOf(secret.format, await this.#plaintext(secret, version)));
  }

  #plaintext(address: SecretAddress, { version, sealed }: SecretVersion): Promise<Uint8Array> {
    return this.sealer.open(canonicalName(address), version, sealed);
  }
}

/** Takes the plaintext over. */
function materialOf(format: SecretFormat, plaintext: Uint8Array): OpenedMaterial {
  if (format === "opaque") return { format, value: plaintext };
  try {
    return { format, ...decodeUserPass(plaintext) };
  } finally {
    wipe(plaintext);
  }
}
