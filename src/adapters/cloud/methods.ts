/**
 * The cloud's methods as grpc-js wants them, from the descriptors in gen/: messages keep their types, and at run time no
 * .proto file is read.
 *
 * @module
 */
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Buffer } from "node:buffer";
import { ES2EService } from "./gen/es2/es2e_service_pb.ts";
import { MessageType } from "./gen/es2/es2_types_pb.ts";

/** Texts of the service's own methods; `<rpc>` in every error. */
export type MethodName = keyof typeof ES2EService.method;

/** The type that a method's request header carries. */
export const HEADER_TYPES = {
  get_key_list: MessageType.GetKeyList,
  register_key: MessageType.RegisterKey,
  load_key: MessageType.LoadKey,
  unload_key: MessageType.UnloadKey,
  delete_key: MessageType.DeleteKey,
  get_index_list: MessageType.GetIndexList,
  create_index: MessageType.CreateIndex,
  delete_index: MessageType.DeleteIndex,
  get_metadata: MessageType.GetMetadata,
} as const satisfies Partial<Record<MethodName, MessageType>>;

/** Longest answer but metadata: 47,000 names of 20 characters, more than any cluster has. */
const MAX_ANSWER_BYTES = 1_048_576;

/** The methods that this client calls: unary and client streams. */
export type CalledMethod = keyof typeof HEADER_TYPES;

export type Request<Name extends CalledMethod> = MessageInitShape<(typeof ES2EService.method)[Name]["input"]>;
export type Response<Name extends CalledMethod> = MessageShape<(typeof ES2EService.method)[Name]["output"]>;

/** How one method goes onto the wire and comes from it. */
export interface WireMethod<Name extends CalledMethod> {
  readonly path: string;
  readonly serialize: (request: Request<Name>) => Buffer;
  readonly deserialize: (bytes: Uint8Array) => Response<Name>;
}

export function wireMethod<Name extends CalledMethod>(name: Name): WireMethod<Name> {
  const method: DescMethod & { input: DescMessage; output: DescMessage } = ES2EService.method[name];
  return {
    path: `/${ES2EService.typeName}/${method.name}`,
    serialize: (request) => asBuffer(toBinary(method.input, create(method.input, request))),
    deserialize: (bytes) => {
      if (name !== "get_metadata") checkSize(bytes.length);
      return fromBinary(method.output, bytes) as Response<Name>;
    },
  };
}

/** As long as the connection allows, empty names alone would take 7 s and 1 GB to decode: a cloud could stop the vault. */
function checkSize(bytes: number): void {
  if (bytes > MAX_ANSWER_BYTES) throw new Error(`answer of ${bytes} bytes, more than ${MAX_ANSWER_BYTES}`);
}

/** A view, not a copy. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
