import type { RewrapResult } from "#domain/sealing/mod.ts";
import { messageOf } from "#errors/mod.ts";
import { zuluSeconds } from "../../rest/secrets/times.ts";
import type { Route } from "../router.ts";
import { audited, auditText, recordAdmin } from "./admin_call.ts";
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
    const startedAt = admin.clock.monotonic(), pass = rewrap.rewrap();
    const refused = await Promise.race([pass.then(() => undefined, (reason) => reason), settled()]);
    if (refused) throw refused;
    last = {};
    const end = { operation: "admin_rewrap_end", startedAt };
    pass.then((result) => {
      last = { result };
      return recordAdmin(admin, { ...end, ...outcomeOf(result) });
    }, (reason) => {
      last = { error: messageOf(reason) };
      return recordAdmin(admin, { ...end, subject: {}, status: "error", error: auditText(reason) });
    }).catch(() => {}); // AuditLog has told the service log why
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

function outcomeOf({ rewrapped, failed }: RewrapResult) {
  const subject = { resultCount: rewrapped };
  if (failed === 0) return { subject, status: "success" as const };
  return { subject, status: "error" as const, error: `${failed} versions were not re-wrapped` };
}

/** A pass that is refused is so at once. */
function settled(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 0));
}

function timeOrNull(seconds: number | null): string | null {
  return seconds === null ? null : zuluSeconds(seconds);
}
