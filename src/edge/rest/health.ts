import { jsonReply, methodNotAllowed } from "./replies.ts";
import type { HttpReply, HttpRequest, HttpSurface } from "./surface.ts";

export interface HealthState {
  /** E.g. `v1.2.0`. */
  readonly version: string;
  /** Whether the secret key is open. */
  readonly keysLoaded: () => boolean;
  /** False once the vault drains. */
  readonly isServing: () => boolean;
  /** Seconds since the start. */
  readonly uptimeSeconds: () => number;
}

/** `GET /health`, for load balancers and people; asks for no token. Contract runevault.md 9.5. */
export class HealthSurface implements HttpSurface {
  constructor(readonly state: HealthState) {}

  owns(path: string): boolean {
    return path === "/health";
  }

  handle({ method }: HttpRequest): Promise<HttpReply> {
    return Promise.resolve(method === "GET" || method === "HEAD" ? this.#report() : methodNotAllowed("GET, HEAD"));
  }

  #report(): HttpReply {
    const { version, keysLoaded, uptimeSeconds } = this.state;
    const status = this.#status();
    return jsonReply(status === "healthy" ? 200 : 503, {
      status,
      vault_version: version.replace(/^v(?=\d)/, ""),
      fhe_keys_loaded: keysLoaded(),
      uptime_seconds: Math.floor(uptimeSeconds()),
    });
  }

  #status(): "healthy" | "draining" | "unhealthy" {
    if (!this.state.isServing()) return "draining";
    return this.state.keysLoaded() ? "healthy" : "unhealthy";
  }
}
