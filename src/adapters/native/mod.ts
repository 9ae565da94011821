export { forbidCoreDumps } from "./core_dumps.ts";
export { EnvectorLibrary } from "./envector_library.ts";
export { libcSender } from "./notify_sender.ts";
