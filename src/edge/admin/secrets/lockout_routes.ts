import { canonicalAddress } from "#domain/network/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { NAME, type Route } from "../router.ts";
import { type AdminCall, audited } from "./admin_call.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";

/** `/lockouts`. */
export function lockoutRoutes(admin: SecretsAdmin): Route[] {
  const { lockout } = admin;
  const clear = async (call: AdminCall, address?: string) => {
    await call.change({});
    const cleared = await lockout.clear(address);
    call.subject = { resultCount: cleared };
    return { status: 200, body: { cleared } };
  };
  return [
    {
      method: "GET",
      path: ["lockouts"],
      handle: audited(admin, "admin_lockout_list", (call) => {
        const all = lockout.list().map(({ address, failures, retryAfterSeconds }) => {
          return { address, failures, retry_after_seconds: retryAfterSeconds };
        });
        call.subject = { resultCount: all.length };
        return { status: 200, body: { lockouts: all } };
      }),
    },
    { method: "DELETE", path: ["lockouts"], handle: audited(admin, "admin_lockout_clear", (call) => clear(call)) },
    {
      method: "DELETE",
      path: ["lockouts", NAME],
      handle: audited(admin, "admin_lockout_clear", (call) => {
        const address = canonicalAddress(call.name);
        if (address === undefined) throw new VaultError("INVALID_ARGUMENT", "that is no IP address");
        return clear(call, address);
      }),
    },
  ];
}
