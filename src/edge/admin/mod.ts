export { type AdminOptions, type AdminServer, startAdminServer } from "./admin_server.ts";
export { bindPathOf } from "./private_socket.ts";
