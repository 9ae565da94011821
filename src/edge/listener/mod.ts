export { Connection } from "./connection.ts";
export { OnePort, type OnePortOptions } from "./one_port.ts";
export type { Protocol, Protocols } from "./protocol.ts";
export type { TlsFiles } from "./tls.ts";
