import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { Buffer } from "node:buffer";
import { ROOT } from "./paths.ts";

const definition = loadSync("vault_service.proto", { includeDirs: [`${ROOT}proto`], keepCase: true, defaults: true });
const packages = grpc.loadPackageDefinition(definition) as unknown as {
  rune: { vault: { v1: { VaultService: grpc.ServiceClientConstructor } } };
};
const { VaultService } = packages.rune.vault.v1;

export interface ScoreEntry {
  readonly shard_idx: number;
  readonly row_idx: number;
  readonly score: number;
}

/** A client as a user would write it: from the .proto file, over TLS with the vault's CA. */
export class VaultClient implements Disposable {
  readonly #client: grpc.Client;

  /** @param ca PEM of the CA; clear text without. */
  constructor(address: string, ca?: string) {
    const credentials = ca === undefined
      ? grpc.credentials.createInsecure()
      : grpc.credentials.createSsl(Buffer.from(ca));
    this.#client = new VaultService(address, credentials, {
      "grpc.max_receive_message_length": 256 << 20,
      "grpc.max_send_message_length": -1,
      "grpc-node.flow_control_window": 4 << 20,
      ...ca !== undefined && { "grpc.ssl_target_name_override": "localhost" }, // grpc-js takes no address for a name
    });
  }

  getPublicKey(request: { token: string }): Promise<{ key_bundle_json: string; error: string }> {
    return this.call("GetPublicKey", request);
  }

  decryptScores(
    request: { token: string; encrypted_blob_b64: string; top_k: number },
  ): Promise<{ results: ScoreEntry[]; error: string }> {
    return this.call("DecryptScores", request);
  }

  decryptMetadata(
    request: { token: string; encrypted_metadata_list: string[] },
  ): Promise<{ decrypted_metadata: string[]; error: string }> {
    return this.call("DecryptMetadata", request);
  }

  /** @throws {grpc.ServiceError} */
  call<T>(method: string, request: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const invoke = (this.#client as unknown as Record<string, (...args: unknown[]) => void>)[method];
      invoke.call(this.#client, request, { deadline: Date.now() + 120_000 }, (error: unknown, response: T) => {
        if (error) reject(error);
        else resolve(response);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** The status code name and details of a refused call. */
export async function refusalOf(call: Promise<unknown>): Promise<{ code: string; details: string }> {
  try {
    await call;
  } catch (reason) {
    const { code, details } = reason as grpc.ServiceError;
    return { code: grpc.status[code], details };
  }
  throw new Error("the call was not refused");
}
