import type { ChannelOptions } from "@grpc/grpc-js";
import { type Cloud, CloudError, type EvalKeyParts, type TeamIndex } from "#ports/cloud.ts";
import { checkHeader } from "./answers.ts";
import { Calls, type Deadlines } from "./calls.ts";
import { type CloudAddress, openChannel } from "./channel.ts";
import { IndexType, type Metadata, type ResponseHeader, SearchType } from "./gen/es2/es2_types_pb.ts";
import { keyFrames } from "./key_frames.ts";
import { type CalledMethod, HEADER_TYPES, type Request, type Response } from "./methods.ts";

const DEADLINES: Deadlines = { unaryMs: 10_000, uploadMs: 120_000 };

export interface EnvectorOptions {
  readonly address: CloudAddress;
  /** Empty: calls carry no authorization. */
  readonly apiKey: string;
  /** The trusted certificate authorities, one PEM certificate each. */
  readonly ca: readonly string[];
  readonly deadlines?: Deadlines;
  /** In place of some of CHANNEL_OPTIONS. */
  readonly channel?: ChannelOptions;
}

/** The vault's client for enVector Cloud, over TLS; contract runevault.md section 8. It connects with its first call. */
export class EnvectorClient implements Cloud {
  readonly #calls: Calls;
  readonly #apiKey: string;
  readonly #deadlines: Deadlines;

  constructor({ address, apiKey, ca, deadlines = DEADLINES, channel }: EnvectorOptions) {
    if (address.host === "") throw new CloudError("refused", "envector: ClientOptions.Address is required");
    this.#calls = new Calls(openChannel(address, ca, channel), apiKey);
    this.#apiKey = apiKey;
    this.#deadlines = deadlines;
  }

  async keyList(): Promise<readonly string[]> {
    return (await this.#unary("get_key_list", {})).keyId;
  }

  async registerKey(keyId: string, key: EvalKeyParts): Promise<void> {
    await this.#stream("register_key", keyFrames(keyId, key), this.#deadlines.uploadMs);
  }

  async loadKey(keyId: string): Promise<void> {
    await this.#unary("load_key", { keyId });
  }

  async unloadKey(keyId: string): Promise<void> {
    await this.#unary("unload_key", { keyId });
  }

  /** Not of the port: nothing in the vault may ever delete a key. */
  async deleteKey(keyId: string): Promise<void> {
    await this.#unary("delete_key", { keyId });
  }

  async indexList(): Promise<readonly string[]> {
    return (await this.#unary("get_index_list", {})).indexNames;
  }

  async createIndex({ name, dim, keyId }: TeamIndex): Promise<void> {
    const indexInfo = {
      indexName: name,
      dim: BigInt(dim),
      searchType: SearchType.IPOnly,
      indexEncryption: "cipher",
      queryEncryption: "plain",
      indexType: IndexType.FLAT,
      keyId,
    };
    const header = { type: HEADER_TYPES.create_index };
    await this.#stream("create_index", [{ header, indexInfo }], this.#deadlines.unaryMs);
  }

  /** Not of the port, like deleteKey(). */
  async deleteIndex(indexName: string): Promise<void> {
    await this.#unary("delete_index", { indexName });
  }

  /** Stored metadata of rows; not of the port, since agents fetch theirs without the vault. */
  async metadata(
    indexName: string,
    rows: readonly { readonly shardIdx: number; readonly rowIdx: number }[],
    outputFields: readonly string[],
  ): Promise<readonly Pick<Metadata, "id" | "data">[]> {
    const idx = rows.map(({ shardIdx, rowIdx }) => ({ shardIdx: BigInt(shardIdx), rowIdx: BigInt(rowIdx) }));
    return (await this.#unary("get_metadata", { indexName, idx, outputFields: [...outputFields] })).metadata;
  }

  close(): void {
    this.#calls.close();
  }

  async #unary<Name extends CalledMethod>(rpc: Name, fields: Omit<Request<Name>, "header">): Promise<Response<Name>> {
    const request = { ...fields, header: { type: HEADER_TYPES[rpc] } } as unknown as Request<Name>;
    return this.#checked(rpc, await this.#calls.unary(rpc, request, this.#deadlines.unaryMs));
  }

  async #stream<Name extends CalledMethod>(
    rpc: Name,
    frames: AsyncIterable<Request<Name>> | Iterable<Request<Name>>,
    timeoutMs: number,
  ): Promise<void> {
    this.#checked(rpc, await this.#calls.stream(rpc, frames, timeoutMs));
  }

  #checked<R extends { readonly header?: ResponseHeader }>(rpc: CalledMethod, response: R): R {
    checkHeader(rpc, response.header, this.#apiKey);
    return response;
  }
}
