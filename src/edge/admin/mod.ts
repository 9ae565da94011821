export { type AdminOptions, type AdminServer, startAdminServer } from "./admin_server.ts";
export { type CloudAdmin, cloudBody, type CloudNames } from "./cloud_routes.ts";
export { bindPathOf } from "./private_socket.ts";
