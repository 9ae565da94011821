export { type HealthState, HealthSurface } from "./health.ts";
export { HttpServer, type HttpServerOptions } from "./http_server.ts";
export { countedSurfaces } from "./counted_surfaces.ts";
export { MetricsSurface } from "./metrics_surface.ts";
export { errorReply, jsonReply, methodNotAllowed } from "./replies.ts";
export { HttpBodyError, type HttpReply, type HttpRequest, type HttpSurface } from "./surface.ts";
