import type { Route } from "../router.ts";
import { audited } from "./admin_call.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";

/** `/secrets/copy`: a consistent copy of the store, sealed as it is, at the place that the configuration implies. */
export function storeRoutes(admin: SecretsAdmin): Route[] {
  const route = (method: string, operation: string, run: () => Promise<void>): Route => ({
    method,
    path: ["secrets", "copy"],
    handle: audited(admin, operation, async (call) => {
      await call.change({ resource: "secret:*:*" });
      await run();
      return { status: 200, body: {} };
    }),
  });
  return [
    route("POST", "admin_store_copy", () => admin.copies.make()),
    route("DELETE", "admin_store_copy_removed", () => admin.copies.remove()),
  ];
}
