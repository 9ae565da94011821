export { deriveAgentKey } from "./agent_key.ts";
export { MetadataDecryptor } from "./metadata_decryptor.ts";
