/**
 * The connection to the cluster: contract runevault.md 8.2.
 *
 * @module
 */
import { type ChannelOptions, Client, experimental } from "@grpc/grpc-js";
import { isIPv6 } from "node:net";
import { ServerTrust } from "./server_trust.ts";

/** Where the cluster is: a name or an address without brackets, and its port. */
export interface CloudAddress {
  readonly host: string;
  readonly port: number;
}

export interface CloudChannel {
  readonly client: Client;
  /** Bytes that have gone out on its connections so far. */
  readonly bytesSent: () => number;
  /** Ends its connections; closing twice is harmless. */
  readonly close: () => void;
}

/** Largest message in either direction: 100 MiB. */
const MAX_MESSAGE_BYTES = 104_857_600;

export const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.enable_http_proxy": 0, // the environment says nothing here, and cannot be read once the daemon is sealed
  "grpc.enable_retries": 0, // what failed is tried again as a whole, by those who know what it was
  "grpc.service_config_disable_resolution": 1,
  "grpc.use_local_subchannel_pool": 1, // a new client really connects anew
  "grpc.enable_channelz": 0,
};

const SCHEME = "rv-host";

/**
 * A client that connects with its first call.
 *
 * @param ca The trusted certificate authorities, one PEM certificate each; no others are.
 */
export function openChannel(
  { host, port }: CloudAddress,
  ca: readonly string[],
  options: ChannelOptions = {},
): CloudChannel {
  experimental.registerResolver(SCHEME, NamedHost);
  const trust = new ServerTrust(host, ca);
  const target = `${SCHEME}:${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const client = new Client(target, trust, { ...CHANNEL_OPTIONS, ...options });
  const close = () => {
    client.close();
    trust.close();
  };
  return { client, bytesSent: () => trust.bytesSent, close };
}

/**
 * Leaves the name to the connection: Deno permits a connection by the name that was asked for, not by the addresses that
 * a lookup of grpc-js's own would find, and permits no lookup but that one.
 */
class NamedHost implements experimental.Resolver {
  readonly #target: experimental.GrpcUri;
  readonly #listener: experimental.ResolverListener;
  #hasAnswered = false;

  constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener) {
    this.#target = target;
    this.#listener = listener;
  }

  /** Answers once: the answer never changes, and each one makes grpc-js ask again while it cannot connect. */
  updateResolution(): void {
    if (this.#hasAnswered) return;
    this.#hasAnswered = true;
    const { host, port } = experimental.splitHostPort(this.#target.path)!;
    const endpoints = experimental.statusOrFromValue([{ addresses: [{ host, port: port! }] }]);
    queueMicrotask(() => this.#listener(endpoints, {}, null, ""));
  }

  destroy(): void {
    this.#hasAnswered = false;
  }

  static getDefaultAuthority(target: experimental.GrpcUri): string {
    return target.path;
  }
}
