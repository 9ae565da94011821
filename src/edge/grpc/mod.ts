export { GRPC_OPTIONS, GrpcServer } from "./grpc_server.ts";
export type { Observers } from "./observed_call.ts";
export { Sessions } from "./sessions.ts";
export { sourceIp } from "./source_ip.ts";
export type { VaultParts } from "./vault_handlers.ts";
