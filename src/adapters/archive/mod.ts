/** Archives of files, and the age format that seals them. @module */
export { type AgeKey, type AgeLock, checkAgeLock, decryptAge, encryptAge, MAX_AGE_HEADER } from "./age_file.ts";
export { TAR_END, type TarHeader, tarHeader, tarPadding } from "./tar_format.ts";
export { readTar, type TarFile } from "./tar_reader.ts";
