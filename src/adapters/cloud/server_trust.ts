import { CallCredentials, ChannelCredentials, type ChannelOptions, type experimental } from "@grpc/grpc-js";
import { isIP, type Socket } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";

/**
 * TLS 1.2 or 1.3 to a server whose certificate one of the given authorities has signed for the host. grpc-js's own
 * credentials send an address as a server name, which TLS forbids, and hand out no connection to count bytes on.
 */
export class ServerTrust extends ChannelCredentials {
  readonly #host: string;
  readonly #context: SecureContext;
  readonly #open = new Set<Socket>();
  #socket: TLSSocket | undefined;
  #sentBefore = 0;
  #isClosed = false;

  /** @param host A name or an address. @param ca PEM, one certificate each. */
  constructor(host: string, ca: readonly string[]) {
    super();
    this.#host = host;
    this.#context = createSecureContext({ ca: [...ca], minVersion: "TLSv1.2" });
  }

  /** On all connections so far. */
  get bytesSent(): number {
    return this.#sentBefore + (this.#socket?.bytesWritten ?? 0);
  }

  /**
   * Ends all connections and makes no more. grpc-js ends those that it uses, and forgets those that it does not: a server
   * that never answers a handshake, or speaks something else, would keep one open for each try.
   */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.destroy();
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: experimental.GrpcUri,
    _options: ChannelOptions,
    callCredentials: CallCredentials = CallCredentials.createEmpty(),
  ): experimental.SecureConnector {
    return {
      connect: async (socket) => ({ socket: this.#counted(await this.#handshake(socket)), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials,
      destroy: () => {},
    };
  }

  #counted(socket: TLSSocket): TLSSocket {
    this.#sentBefore = this.bytesSent;
    return this.#socket = socket;
  }

  #handshake(socket: Socket): Promise<TLSSocket> {
    const host = this.#host;
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new Error("the client is closed");
      const secured = connect({
        socket,
        host, // what the certificate has to be for
        ...(isIP(host) === 0 ? { servername: host } : {}),
        secureContext: this.#context,
        ALPNProtocols: ["h2"],
      }, () => secured.authorized ? resolve(secured) : reject(secured.authorizationError));
      for (const each of [socket, secured]) {
        this.#open.add(each);
        each.on("close", () => this.#open.delete(each));
      }
      secured.on("error", reject);
    });
  }
}
