/** Backups of a whole install in one age file: create, verify, restore. @module */
export { createBackup, type CreatedBackup } from "./create_backup.ts";
export { type Credential, readIdentities, readPassphrase, readSecretText } from "./credentials.ts";
export { restoreBackup, type RestoredBackup } from "./restore_backup.ts";
export { openSealedFile } from "./open_sealed_file.ts";
export type { MasterKeyCheck } from "./master_keys.ts";
export { type VerifiedBackup, verifyBackup } from "./verify_backup.ts";
export { type SealedFile, type SealedFileOptions, writeSealedFile } from "./sealed_file.ts";
