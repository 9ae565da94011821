export { auditLines, type ReadOptions } from "./audit_reader.ts";
export { FileSink } from "./file_sink.ts";
export { StdoutSink } from "./stdout_sink.ts";
