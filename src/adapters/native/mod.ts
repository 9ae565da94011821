export { EnvectorLibrary } from "./envector_library.ts";
