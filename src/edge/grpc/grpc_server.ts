import { Server, type ServiceDefinition } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "#ports/clock.ts";
import type { Connection, Protocol } from "../listener/mod.ts";
import { serviceDefinition, VAULT_SERVICE } from "./definitions.ts";
import { Health, HEALTH_SERVICE } from "./health.ts";
import { ReceiveBudget } from "./receive_budget.ts";
import { REFLECTION_SERVICES, reflectionHandlers } from "./reflection.ts";
import { Sessions } from "./sessions.ts";
import { vaultHandlers, type VaultParts } from "./vault_handlers.ts";
import { type MessageParts, readDecryptMetadata, readDecryptScores, readGetPublicKey } from "./wire.ts";

/** Largest message in either direction: 256 MiB. */
const MAX_MESSAGE_BYTES = 268_435_456;
const BUDGET = { totalBytes: 2 * MAX_MESSAGE_BYTES, compressedBytes: MAX_MESSAGE_BYTES, silenceMs: 60_000 };
const BUDGET_CHECK_MS = 5_000;
const DRAIN_MS = 5_000;

/** Limits of the server; the bench measures an empty one with the same. */
export const GRPC_OPTIONS = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_concurrent_streams": 256,
  "grpc.keepalive_time_ms": 60_000, // finds peers that are gone without a word
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc-node.flow_control_window": 4 << 20, // the default of 64 KiB makes a 20 MB blob wait for round trips
  "grpc.enable_channelz": 0,
};

/** The gRPC side of the port. */
export class GrpcServer implements Protocol {
  readonly health = new Health(["", VAULT_SERVICE]);
  readonly #server = new Server(GRPC_OPTIONS);
  readonly #sessions = new Sessions(this.#server);
  readonly #budget: ReceiveBudget;
  readonly #budgetTimer: ReturnType<typeof setInterval>;

  /** @throws {VaultError} when grpc-js hides what bounds its memory. */
  constructor(parts: VaultParts, clock: Clock = parts.clock) {
    this.#budget = new ReceiveBudget(BUDGET, clock);
    this.#server.addService(vaultService(), vaultHandlers(parts));
    this.#server.addService(serviceDefinition(HEALTH_SERVICE), this.health.handlers());
    for (const name of REFLECTION_SERVICES) this.#server.addService(serviceDefinition(name), reflectionHandlers());
    for (const http2Server of this.#sessions.http2Servers) {
      // After grpc-js has paused the stream: a listener before that would start it and stop it again.
      http2Server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        this.#budget.track(stream, headers);
      });
    }
    this.#budgetTimer = setInterval(() => this.#budget.endSilent(), BUDGET_CHECK_MS);
  }

  /** Takes a connection over whose client speaks HTTP/2. */
  accept(socket: Socket, connection: Connection): void {
    this.#sessions.accept(socket, connection);
  }

  /** Says NOT_SERVING, accepts nothing new and lets calls in flight end; after 5 s the rest is cut. */
  async stop(): Promise<void> {
    this.health.stop();
    clearInterval(this.#budgetTimer);
    const refusing = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const force = setTimeout(() => this.#cut(), DRAIN_MS);
    // grpc-js takes a session that is closing for closed: its own listener would have waited for the connection.
    await Promise.all([refusing, this.#sessions.closed()]);
    clearTimeout(force);
  }

  /** Without channelz grpc-js's own forceShutdown() knows of no session and leaves a half-sent call as it is. */
  #cut(): void {
    this.#server.forceShutdown();
    this.#sessions.cut();
  }
}

function vaultService(): ServiceDefinition {
  const service = serviceDefinition(VAULT_SERVICE);
  const readers = {
    GetPublicKey: readGetPublicKey,
    DecryptScores: readDecryptScores,
    DecryptMetadata: readDecryptMetadata,
  };
  const methods = Object.entries(readers).map(([name, requestDeserialize]) => [
    name,
    {
      ...service[name],
      requestDeserialize,
      responseSerialize: (message: MessageParts) => message as unknown as Buffer,
    },
  ]);
  return Object.fromEntries(methods);
}
