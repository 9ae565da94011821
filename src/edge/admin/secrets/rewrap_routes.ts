import type { RewrapResult } from "#domain/sealing/mod.ts";
import { messageOf } from "#errors/mod.ts";
import { zuluSeconds } from "../../rest/secrets/times.ts";
import type { Route } from "../router.ts";
import { audited } from "./admin_call.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";

/** How the last pass that was asked for here has ended. */
interface LastPass {
  readonly result?: RewrapResult;
  readonly error?: string;
}

/** `/secrets/rewrap`: a pass may take hours, so it is begun and then asked about. */
export function rewrapRoutes(admin: SecretsAdmin): Route[] {
  const { rewrap } = admin;
  let last: LastPass = {};
  const status = async () => {
    const { enabled, busy, keyId, totalVersions, pendingVersions, ...rotations } = await rewrap.status();
    const { lastCompletedRotationAt, latestRotationAt } = rotations;
    return {
      enabled,
      busy,
      key_id: keyId,
      total_versions: totalVersions,
      pending_versions: pendingVersions,
      last_completed_rotation_at: timeOrNull(lastCompletedRotationAt),
      latest_rotation_at: timeOrNull(latestRotationAt),
      last: last.result
        ? { scanned: last.result.scanned, rewrapped: last.result.rewrapped, failed: last.result.failed }
        : null,
      last_error: last.error ?? null,
    };
  };
  const begin = async () => {
    const pass = rewrap.rewrap();
    const refused = await Promise.race([pass.then(() => undefined, (reason) => reason), settled()]);
    if (refused) throw refused;
    last = {};
    pass.then((result) => last = { result }, (reason) => last = { error: messageOf(reason) });
  };
  return [
    {
      method: "GET",
      path: ["secrets", "rewrap"],
      handle: audited(admin, "admin_rewrap_status", async () => ({ status: 200, body: await status() })),
    },
    {
      method: "POST",
      path: ["secrets", "rewrap"],
      handle: audited(admin, "admin_rewrap", async (call) => {
        await call.change({});
        await begin();
        return { status: 202, body: await status() };
      }),
    },
  ];
}

/** A pass that is refused is so at once. */
function settled(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 0));
}

function timeOrNull(seconds: number | null): string | null {
  return seconds === null ? null : zuluSeconds(seconds);
}
