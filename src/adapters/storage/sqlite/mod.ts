/** The secrets engine's store in one SQLite file. @module */
export { SqliteSecretStore } from "./sqlite_secret_store.ts";
