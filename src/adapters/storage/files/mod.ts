/** State on plain files: roles.yml and tokens.yml, and the safe way to replace a file. @module */
export { stagedPathOf, syncDirectory, writeFileAtomic } from "./atomic_write.ts";
export { FileStateStore } from "./file_state_store.ts";
export { PoliciesFile } from "./policies_file.ts";
