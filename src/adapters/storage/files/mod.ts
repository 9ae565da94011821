/** State on plain files: roles.yml and tokens.yml, and the safe way to replace a file. @module */
export { stagedPathOf, syncDirectory, writeFileAtomic } from "./atomic_write.ts";
export { parseRoles } from "./parse_roles.ts";
export { parseTokens } from "./parse_tokens.ts";
export { copyPathOf, partialPathOf, restorePathsOf } from "./work_paths.ts";
export { StateYaml } from "./state_yaml.ts";
export { FileStateStore } from "./file_state_store.ts";
export { parsePolicies, PoliciesFile } from "./policies_file.ts";
