/** Secret values at rest: data keys of their own, bound to name and version, wrapped by key-encryption keys. @module */
export { additionalData, type EnvelopeOptions, EnvelopeSealer } from "./envelope_sealer.ts";
export { parseMasterKey } from "./master_key.ts";
export { type MyVaultRow, openMyVaultRow, parseMyVaultKey } from "./myvault.ts";
