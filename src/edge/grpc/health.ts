import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { HealthCheckResponse_ServingStatus as ServingStatus } from "./gen/grpc/health/v1/health_pb.ts";

interface CheckRequest {
  readonly service: string;
}
interface CheckResponse {
  readonly status: ServingStatus;
}

/** Fully qualified name of the standard health service. */
export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** The standard health service for some names that share one state: all serving until stop(). */
export class Health {
  #status = ServingStatus.SERVING;
  readonly #names: ReadonlySet<string>;
  readonly #watchers = new Set<ServerWritableStream<CheckRequest, CheckResponse>>();

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  get isServing(): boolean {
    return this.#status === ServingStatus.SERVING;
  }

  /** Says NOT_SERVING from now on, and ends the watches, which would hold up a graceful shutdown. */
  stop(): void {
    this.#status = ServingStatus.NOT_SERVING;
    for (const watcher of this.#watchers) {
      if (this.#names.has(watcher.request.service)) watcher.write({ status: this.#status });
      watcher.end();
    }
    this.#watchers.clear();
  }

  handlers(): UntypedServiceImplementation {
    return { check: this.#check, watch: this.#watch };
  }

  readonly #check: handleUnaryCall<CheckRequest, CheckResponse> = (call, callback) => {
    if (this.#names.has(call.request.service)) return callback(null, { status: this.#status });
    callback({ code: status.NOT_FOUND, details: "unknown service" });
  };

  readonly #watch: handleServerStreamingCall<CheckRequest, CheckResponse> = (call) => {
    const known = this.#names.has(call.request.service);
    call.write({ status: known ? this.#status : ServingStatus.SERVICE_UNKNOWN });
    this.#watchers.add(call);
    for (const event of ["cancelled", "close", "error"]) call.on(event, () => this.#watchers.delete(call));
  };
}
