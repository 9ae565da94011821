/** The secrets engine's store in one SQLite file. @module */
export { checkStoreContent, checkStoreFile, MAX_STORE_CONTENT } from "./snapshot.ts";
export { SqliteSecretStore } from "./sqlite_secret_store.ts";
