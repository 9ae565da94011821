export { CloudRegistration, type RegistrationOptions } from "./registration.ts";
export { activateKey, ensureIndex, ensureResident, type Residency } from "./sequence.ts";
export {
  type CloudControl,
  type CloudState,
  type FailedTry,
  lastFailureOf,
  lastingStateOf,
  OFFLINE_TEXT,
  offlineCloud,
} from "./state.ts";
