/** The secrets APIs over HTTP: `/v1` and `/api`, one engine under both. @module */
import type { SecretEngine } from "#domain/secrets/mod.ts";
import type { HttpSurface } from "../surface.ts";
import { ApiDialect } from "./api/api_dialect.ts";
import { projectRoutes } from "./api/project_routes.ts";
import { secretRoutes } from "./api/secret_routes.ts";
import { type OpenParts, OpenSurface } from "./open_surface.ts";
import { SecretsSurface, type SurfaceParts } from "./secrets_surface.ts";
import { V1Dialect } from "./v1/v1_dialect.ts";
import { V1Routes } from "./v1/routes.ts";

export interface SecretsHttpParts extends SurfaceParts, OpenParts {
  readonly engine: SecretEngine;
}

/** All that the secrets engine serves over HTTP, by the routes that the metrics show for what no template fits. */
export function secretsSurfaces(parts: SecretsHttpParts): Readonly<Record<string, HttpSurface>> {
  const { engine, log } = parts;
  return {
    "/v1": new SecretsSurface(new V1Dialect(new V1Routes(engine, log).routes), parts),
    "/api": new SecretsSurface(new ApiDialect([...projectRoutes(engine), ...secretRoutes(engine, log)]), parts),
    "/openapi.json": new OpenSurface(parts),
  };
}
