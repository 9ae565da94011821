export { showServiceLog } from "./service_log.ts";
