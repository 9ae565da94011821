export { KeyFiles } from "./key_files.ts";
