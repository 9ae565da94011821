import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import { addressText } from "#config/mod.ts";
import { testCertificates } from "../certificates.ts";
import { ROOT } from "../paths.ts";
import { checkOrder, checkRequest, type CloudMessage, type Rpc } from "./checks.ts";
import { KeyReceiver } from "./key_receiver.ts";

/** From the .proto file, by another library than the vault's client: what both agree on is what the file says. */
const definition = loadSync("es2/es2e_service.proto", {
  includeDirs: [`${ROOT}proto`],
  keepCase: true,
  longs: Number,
  enums: Number,
});
const service = definition["ES2E.ES2EService"] as grpc.ServiceDefinition;

export const SUCCESS = 1, FAIL = 2, NOT_FOUND = 5;

/** What goes wrong in one call. */
export type Fault =
  | { readonly code: number; readonly message?: string }
  | { readonly status: grpc.status; readonly details?: string }
  /** The call succeeds and the answer has no header. */
  | { readonly header: "absent" }
  /** The call is taken and never answered; the request's stream is not read. */
  | { readonly hang: true }
  /** The connection breaks: at once, or after that many frames of a stream. */
  | { readonly cutAfter: number };

export interface TestCloudOptions {
  /** The only one that is let in; empty: calls must carry none. */
  readonly apiKey?: string;
  /** Ids of the keys that are registered and loaded. */
  readonly keys?: readonly string[];
  readonly indexes?: readonly string[];
  /** Whether calls must come in the order of the vault's start-up; true. */
  readonly isOrdered?: boolean;
  readonly certificates?: Awaited<ReturnType<typeof testCertificates>>;
  readonly port?: number;
  /** The address to listen on; 127.0.0.1. */
  readonly address?: string;
}

/**
 * enVector Cloud as far as the vault meets it: a real server over TLS that checks every message, keeps keys and indexes,
 * and fails where it is told to. It evaluates nothing. Disposing of it fails the test when a message was not right.
 */
export class TestCloud implements AsyncDisposable {
  apiKey: string;
  /** By id, in the order in which they were registered. */
  readonly keys = new Map<string, { readonly sha256: string; readonly size: number; isLoaded: boolean }>();
  /** The messages that made them. */
  readonly indexes = new Map<string, CloudMessage>();
  /** Method and id or name of each call that was let in. */
  readonly calls: string[] = [];
  /** Key bytes of each frame of the last upload. */
  frames: number[] = [];
  /** The `authorization` of each call. */
  readonly authorizations: (string | undefined)[] = [];
  readonly violations: string[] = [];
  /** Called with each call's name before anything is answered. */
  onCall: (rpc: Rpc) => Promise<void> | void = () => {};
  readonly #faults = new Map<Rpc, Fault>();
  readonly #lastOf = new Map<string, Rpc>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #server = new grpc.Server({ "grpc.max_receive_message_length": 104_857_600 });
  readonly #isOrdered: boolean;

  private constructor(readonly ca: string, options: TestCloudOptions) {
    this.apiKey = options.apiKey ?? "test-api-key";
    this.#isOrdered = options.isOrdered ?? true;
    for (const id of options.keys ?? []) this.keys.set(id, { sha256: "", size: 0, isLoaded: true });
    for (const name of options.indexes ?? []) this.indexes.set(name, {});
    this.#server.addService(service, this.#handlers());
  }

  port = 0;

  static async start(options: TestCloudOptions = {}): Promise<TestCloud> {
    const { ca, cert, key } = options.certificates ?? await testCertificates();
    const cloud = new TestCloud(ca, options);
    const chain = Buffer.from(cert);
    const credentials = grpc.ServerCredentials.createSsl(chain, [{ cert_chain: chain, private_key: Buffer.from(key) }]);
    const address = addressText({ host: options.address ?? "127.0.0.1", port: options.port ?? 0 });
    cloud.port = await new Promise<number>((resolve, reject) =>
      cloud.#server.bindAsync(address, credentials, (error, port) => error ? reject(error) : resolve(port))
    );
    const { http2Servers } = cloud.#server as unknown as { http2Servers: Map<Http2Server, unknown> };
    for (const server of http2Servers.keys()) {
      server.on("session", (session: ServerHttp2Session) => {
        cloud.#sessions.add(session);
        session.on("close", () => cloud.#sessions.delete(session));
      });
    }
    return cloud;
  }

  get address(): { host: string; port: number } {
    return { host: "localhost", port: this.port };
  }

  /** Ids of the keys that are resident. */
  get resident(): string[] {
    return [...this.keys].filter(([, { isLoaded }]) => isLoaded).map(([id]) => id);
  }

  /** From now on the method fails this way; undefined mends it. */
  fail(rpc: Rpc, fault: Fault | undefined): void {
    if (fault) this.#faults.set(rpc, fault);
    else this.#faults.delete(rpc);
  }

  /** Ends the server as a crash does. */
  stop(): void {
    this.#cut();
    this.#server.forceShutdown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    assert.deepEqual(this.violations, []);
    return Promise.resolve();
  }

  #cut(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #handlers(): grpc.UntypedServiceImplementation {
    return {
      get_key_list: this.#unary("get_key_list", () => ({ key_id: [...this.keys.keys()] })),
      load_key: this.#unary("load_key", ({ key_id }) => this.#setLoaded(key_id, true)),
      unload_key: this.#unary("unload_key", ({ key_id }) => this.#setLoaded(key_id, false)),
      delete_key: this.#unary("delete_key", ({ key_id }) => this.keys.delete(String(key_id)) ? {} : notFound()),
      get_index_list: this.#unary("get_index_list", () => ({ index_names: [...this.indexes.keys()] })),
      delete_index: this.#unary(
        "delete_index",
        ({ index_name }) => this.indexes.delete(String(index_name)) ? {} : { header: { return_code: 3 } },
      ),
      get_metadata: this.#unary("get_metadata", (request) => ({
        // Gives back what came in, so that a test sees it.
        metadata: [{ id: 7, data: JSON.stringify(request) }],
      })),
      register_key: this.#stream("register_key", () => new KeyReceiver(this)),
      create_index: this.#stream("create_index", () => ({
        frame: () => {},
        end: (frames) => {
          if (frames.length !== 1) this.violations.push(`create_index: ${frames.length} frames instead of one`);
          const info = frames[0]?.index_info as CloudMessage;
          const name = String(info?.index_name);
          if (this.indexes.has(name)) return refusal(FAIL, `index ${name} already exists`);
          this.indexes.set(name, info);
          return {};
        },
      })),
    };
  }

  #setLoaded(id: unknown, isLoaded: boolean): CloudMessage {
    const key = this.keys.get(String(id));
    if (!key) return notFound();
    key.isLoaded = isLoaded;
    return {};
  }

  #unary(rpc: Rpc, answer: (request: CloudMessage) => CloudMessage): grpc.UntypedHandleCall {
    return async (call: grpc.ServerUnaryCall<CloudMessage, CloudMessage>, reply: grpc.sendUnaryData<CloudMessage>) => {
      if (!this.#enter(rpc, call, call.request)) return reply(UNAUTHENTICATED);
      this.calls.push(callText(rpc, call.request));
      await this.onCall(rpc);
      this.#reply(this.#faults.get(rpc), reply, () => answer(call.request));
    };
  }

  #stream(rpc: Rpc, openReceiver: () => Receiver): grpc.UntypedHandleCall {
    return (call: grpc.ServerReadableStream<CloudMessage, CloudMessage>, reply: grpc.sendUnaryData<CloudMessage>) => {
      const fault = this.#faults.get(rpc), receiver = openReceiver(), frames: CloudMessage[] = [];
      let isOver = false;
      const over = (act: () => void) => {
        if (!isOver) act();
        isOver = true;
      };
      call.on("error", () => over(() => {})); // the client went away: what came so far counts for nothing
      call.on("cancelled", () => over(() => {}));
      if (fault && "hang" in fault) return; // reads nothing
      call.on("data", (frame: CloudMessage) => {
        if (isOver) return;
        if (frames.length === 0) {
          if (!this.#enter(rpc, call, frame)) return over(() => reply(UNAUTHENTICATED));
          this.calls.push(callText(rpc, frame));
        }
        checkRequest(rpc, frame, this.violations);
        receiver.frame(frame, frames.length);
        frames.push(rpc === "register_key" ? {} : frame); // the key's bytes are the receiver's
        if (fault && "cutAfter" in fault && frames.length === fault.cutAfter) over(() => this.#cut());
        else if (fault && "status" in fault) over(() => reply(statusOf(fault)));
      });
      call.on("end", () =>
        over(async () => {
          await this.onCall(rpc);
          this.#reply(fault, reply, () => receiver.end(frames));
        }));
    };
  }

  /** Whether the call is let in; checks what every call must have. */
  #enter(
    rpc: Rpc,
    call: grpc.ServerUnaryCall<CloudMessage, CloudMessage> | grpc.ServerReadableStream<CloudMessage, CloudMessage>,
    request: CloudMessage,
  ): boolean {
    const given = call.metadata.get("authorization").map(String);
    this.authorizations.push(given[0]);
    checkRequest(rpc, request, this.violations);
    if (this.#isOrdered) checkOrder(rpc, this.#lastOf.get(call.getPeer()), this.violations);
    this.#lastOf.set(call.getPeer(), rpc);
    const want = this.apiKey === "" ? [] : [`Bearer ${this.apiKey}`];
    return given.length === want.length && given[0] === want[0];
  }

  #reply(fault: Fault | undefined, reply: grpc.sendUnaryData<CloudMessage>, answer: () => CloudMessage): void {
    if (fault && "hang" in fault) return;
    if (fault && "cutAfter" in fault) return this.#cut();
    if (fault && "status" in fault) return reply(statusOf(fault));
    if (fault && "code" in fault) return reply(null, refusal(fault.code, fault.message ?? ""));
    const body = answer();
    reply(null, fault ? body : { header: { return_code: SUCCESS }, ...body });
  }
}

/** Takes the frames of one method's streams. */
export interface Receiver {
  frame(message: CloudMessage, position: number): void;
  /** @returns The response, its header only where it refuses. */
  end(frames: readonly CloudMessage[]): CloudMessage;
}

const UNAUTHENTICATED = { code: grpc.status.UNAUTHENTICATED, details: "invalid token" };

function statusOf({ status, details = "told to fail" }: { status: grpc.status; details?: string }) {
  return { code: status, details };
}

export function refusal(return_code: number, error_message: string): CloudMessage {
  return { header: { return_code, error_message } };
}

function notFound(): CloudMessage {
  return refusal(NOT_FOUND, "no such key");
}

function callText(rpc: Rpc, { key_id, key_info, index_name, index_info }: CloudMessage): string {
  const subject = key_id ?? (key_info as CloudMessage)?.key_id ?? index_name ??
    (index_info as CloudMessage)?.index_name;
  return subject === undefined ? rpc : `${rpc} ${subject}`;
}
