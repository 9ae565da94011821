export { LocalKeys, type LocalKeysOptions } from "./local_keys.ts";
