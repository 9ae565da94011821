/** The team's secrets: names, versions with grace and history, projects, rotation. Sealed before they are stored. @module */
export {
  addressOf,
  canonicalName,
  checkProjectName,
  DEFAULT_PROJECT,
  findAddress,
  findProject,
  parseAddress,
  resourceOf,
} from "./address.ts";
export { type OpenedMaterial, OpenedSecret, OpenedSecrets } from "./opened_secret.ts";
export type { ProjectList, Projects } from "./projects.ts";
export type {
  CreateSecret,
  ListSecrets,
  Material,
  SecretPage,
  UpdateSecret,
  Verdict,
  WriteOptions,
} from "./requests.ts";
export {
  type Every,
  type Rotation,
  ROTATION_ACTOR,
  RotationWorker,
  type RotationWorkerParts,
  type TickResult,
} from "./rotation_worker.ts";
export { type ExportPage, exportPage } from "./secret_export.ts";
export {
  CONFLICT_RULES,
  type ConflictRule,
  type ImportParts,
  type ImportResult,
  type ImportStore,
  SecretImport,
} from "./secret_import.ts";
export { SecretImports } from "./secret_imports.ts";
export { type PortableSecret, type PortableVersion, wipePortable } from "./portable_secret.ts";
export { generatedValue } from "./generated_value.ts";
export { SecretEngine, type SecretEngineOptions, type SecretEnginePorts } from "./secret_engine.ts";
export { decodeUserPass, encodeUserPass, type UserPass } from "./userpass_json.ts";
export { checkBatch, MAX_BATCH, MAX_PAGE, MAX_VALUE_BYTES } from "./validate.ts";
export { VERIFY_CANDIDATES } from "./verify.ts";
export { wipe } from "./wipe.ts";
