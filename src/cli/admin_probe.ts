import { adminRequest } from "#edge/admin/admin_request.ts";
import { messageOf } from "#errors/mod.ts";
import { PROBE_TIMEOUT_MS, type ProbeResult } from "./probe.ts";

/** GET /health over the admin socket; 200 is ok. Never rejects. */
export async function probeAdmin(socketPath: string): Promise<ProbeResult> {
  if (socketPath === "") return { ok: false, cause: "socket path empty" };
  try {
    const { status } = await adminRequest(socketPath, { method: "GET", path: "/health", timeoutMs: PROBE_TIMEOUT_MS });
    if (status === 200) return { ok: true };
    return { ok: false, cause: status === 503 ? "unhealthy" : `HTTP status ${status}` };
  } catch (reason) {
    return { ok: false, cause: messageOf(reason) };
  }
}
