/** Secret values at rest: data keys of their own, bound to name and version, wrapped by key-encryption keys. @module */
export { DataKeyCache, type DataKeyCacheOptions, MAX_CACHED_KEYS } from "./data_key_cache.ts";
export { additionalData, type EnvelopeOptions, EnvelopeSealer } from "./envelope_sealer.ts";
export { LocalKeys, type LocalKeysOptions } from "./local_keys.ts";
export { parseMasterKey } from "./master_key.ts";
export { type MyVaultRow, openMyVaultRow, parseMyVaultKey } from "./myvault.ts";
export {
  type RewrapResult,
  RewrapService,
  type RewrapServiceOptions,
  type RewrapServiceParts,
  type RewrapStatus,
  type RewrapStore,
} from "./rewrap_service.ts";
