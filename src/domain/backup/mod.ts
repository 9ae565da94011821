/** What a backup says of itself. @module */
export {
  isSafePath,
  type Manifest,
  MANIFEST_NAME,
  type ManifestFile,
  MAX_MANIFEST_BYTES,
  readManifest,
  writeManifest,
} from "./manifest.ts";
