/** The secrets engine's store in one SQLite file. @module */
export { checkStoreFile } from "./snapshot.ts";
export { SqliteSecretStore } from "./sqlite_secret_store.ts";
