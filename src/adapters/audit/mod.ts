export { FileSink } from "./file_sink.ts";
export { StdoutSink } from "./stdout_sink.ts";
