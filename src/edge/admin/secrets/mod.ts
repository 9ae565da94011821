/** The secrets engine's administration on the socket. @module */
import { HttpError } from "../reply.ts";
import { ANYTHING, type Route } from "../router.ts";
import { lockoutRoutes } from "./lockout_routes.ts";
import { policyRoutes } from "./policy_routes.ts";
import { projectRoutes } from "./project_routes.ts";
import { rewrapRoutes } from "./rewrap_routes.ts";
import { secretRoutes } from "./secret_routes.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";
import { storeRoutes } from "./store_routes.ts";
import { transferRoutes } from "./transfer_routes.ts";

export type { SecretsAdmin, StoreCopies } from "./secrets_admin.ts";

const GROUPS = ["secrets", "projects", "policies", "lockouts"];

/** @param admin Undefined while the engine is off: every route of its groups says so then. */
export function secretsRoutes(admin: SecretsAdmin | undefined): Route[] {
  if (!admin) return GROUPS.flatMap(refusals);
  return [
    ...rewrapRoutes(admin),
    ...transferRoutes(admin),
    ...storeRoutes(admin),
    ...secretRoutes(admin),
    ...projectRoutes(admin),
    ...policyRoutes(admin),
    ...lockoutRoutes(admin),
  ];
}

function refusals(group: string): Route[] {
  const handle = () => {
    throw new HttpError(400, "secrets are not configured: add the section 'secrets' to runevault.conf and restart");
  };
  return ["GET", "POST", "PUT", "DELETE"].map((method) => ({ method, path: [group, ANYTHING], handle }));
}
