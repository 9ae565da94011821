/** What a backup says of itself. @module */
export {
  isSafePath,
  type Manifest,
  MANIFEST_NAME,
  type ManifestFile,
  MAX_MANIFEST_BYTES,
  OUTSIDE,
  readManifest,
  writeManifest,
} from "./manifest.ts";
