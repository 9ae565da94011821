/** Secrets between vaults, and from other stores: files are read and written here, secrets come and go by the socket. @module */
export { type Exported, readExport, renamed, writeExport } from "./export_file.ts";
export { readHyperion } from "./hyperion_source.ts";
export { readMyVault } from "./myvault_source.ts";
export type { NamedImport, PortableJson, SourceSecret } from "./portable.ts";
export { sendImport } from "./send_import.ts";
export { type NamedSecrets, nameSecrets, projectsOf } from "./target_names.ts";
