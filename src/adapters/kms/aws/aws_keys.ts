import type { DataKeySpec } from "@aws-sdk/client-kms";
import { VaultError } from "#errors/mod.ts";
import type { KeyContext, KeyEncryption, WrappedKey } from "#ports/key_encryption.ts";
import { systemClock } from "#ports/clock.ts";
import { type Pause, systemPause } from "#ports/pause.ts";
import { openSdkClient, type SdkClient } from "./client.ts";
import type { AwsCredentials } from "./credentials.ts";
import { isAnswer, isTransient, isUnreachable, knowsNoRotations, toVaultError } from "./kms_errors.ts";
import { Outage } from "./outage.ts";
import { type RetryOptions, withRetries } from "./retry.ts";

const KEY_BYTES = 32;
const KEY_SPEC: DataKeySpec = "AES_256";
/** Of rotations: a key has at most a few hundred in its life; more is a service gone mad. */
const MAX_PAGES = 1_000;
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

export interface AwsKeysOptions {
  /** Key id or ARN. An alias may be moved to a key that opens nothing, and has no rotations to be asked for. */
  readonly keyId: string;
  readonly region: string;
  /** `https://…`, the region's own or another, e.g. of a VPC endpoint. */
  readonly endpoint: string;
  /** Of openCredentials(). */
  readonly credentials: () => Promise<AwsCredentials>;
  /** Attempts after the first; 5 without. */
  readonly maxRetries?: number;
  /** For one attempt; 3 s without. */
  readonly timeoutMs?: number;
  readonly pause?: Pause;
  readonly random?: () => number;
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
}

type Operation = "GenerateDataKey" | "Decrypt" | "ReEncrypt" | "ListKeyRotations";
type Send = (sdk: SdkClient, call: AbortSignal) => Promise<unknown>;

/**
 * Key-encryption keys in AWS KMS. The encryption context is the secret's name and version, so that the service itself
 * refuses the wrapped key of another. Contract secrets.md A.17.
 */
export class AwsKeys implements KeyEncryption {
  readonly keyId: string;
  readonly #sdk: SdkClient;
  readonly #retry: RetryOptions;
  readonly #outage: Outage;
  readonly #closing = new AbortController();

  private constructor(sdk: SdkClient, options: AwsKeysOptions) {
    const { keyId, maxRetries = 5, pause = systemPause, random = Math.random, now = systemClock.monotonic } = options;
    this.keyId = keyId;
    this.#sdk = sdk;
    this.#outage = new Outage(now);
    this.#retry = { maxRetries, pause, random, signal: this.#closing.signal };
  }

  /**
   * Loads the SDK; must run before the process is sealed. Asks the service nothing.
   *
   * @throws {VaultError} INVALID_ARGUMENT for an alias, and for an endpoint that would carry keys in the clear.
   */
  static async open(options: AwsKeysOptions): Promise<AwsKeys> {
    const { keyId, region, endpoint, credentials, timeoutMs = 3_000 } = options;
    checkKeyId(keyId);
    checkEndpoint(endpoint);
    return new AwsKeys(await openSdkClient({ region, endpoint, credentials, timeoutMs }), options);
  }

  async generate(context: KeyContext): Promise<WrappedKey & { readonly dataKey: Uint8Array }> {
    const { answer, plaintext } = await this.#call("GenerateDataKey", this.keyId, ({ sdk, client }, abortSignal) => {
      const input = { KeyId: this.keyId, KeySpec: KEY_SPEC, EncryptionContext: toAws(context) };
      return client.send(new sdk.GenerateDataKeyCommand(input), { abortSignal });
    });
    const wrapped = blobOf(answer);
    if (plaintext?.length === KEY_BYTES && wrapped) return { keyId: this.keyId, wrapped, dataKey: plaintext };
    plaintext?.fill(0);
    throw new VaultError("UNAVAILABLE", `AWS KMS gave no data key of ${KEY_BYTES} bytes with key '${this.keyId}'`);
  }

  async unwrap({ keyId, wrapped }: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    const { plaintext } = await this.#call("Decrypt", keyId, ({ sdk, client }, abortSignal) => {
      const input = { KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: toAws(context) };
      return client.send(new sdk.DecryptCommand(input), { abortSignal });
    });
    if (plaintext?.length === KEY_BYTES) return plaintext;
    plaintext?.fill(0);
    throw new VaultError("DATA_LOSS", `what key '${keyId}' of AWS KMS wrapped is no data key of ${KEY_BYTES} bytes`);
  }

  async rewrap({ keyId, wrapped }: WrappedKey, context: KeyContext): Promise<WrappedKey> {
    const { answer } = await this.#call("ReEncrypt", keyId, ({ sdk, client }, abortSignal) => {
      const input = {
        CiphertextBlob: wrapped,
        SourceKeyId: keyId,
        SourceEncryptionContext: toAws(context),
        DestinationKeyId: this.keyId,
        DestinationEncryptionContext: toAws(context),
      };
      return client.send(new sdk.ReEncryptCommand(input), { abortSignal });
    });
    const renewed = blobOf(answer);
    if (renewed) return { keyId: this.keyId, wrapped: renewed };
    throw new VaultError("UNAVAILABLE", `AWS KMS gave no wrapped key with key '${this.keyId}'`);
  }

  async lastRotation(): Promise<number | undefined> {
    let latest: number | undefined, marker: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const rotations = await this.#rotations(marker);
      if (!rotations) return undefined;
      for (const at of datesOf(rotations.Rotations, this.keyId)) latest = Math.max(at, latest ?? at);
      if (rotations.Truncated !== true || typeof rotations.NextMarker !== "string") return latest;
      marker = rotations.NextMarker;
    }
    throw new VaultError("UNAVAILABLE", `AWS KMS lists the rotations of key '${this.keyId}' without end`);
  }

  /** Ends calls under way. Closing twice is harmless. */
  close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#sdk.client.destroy(); // and the handler with it
    }
    return Promise.resolve();
  }

  /** Undefined for a key that cannot have rotations. */
  async #rotations(marker: string | undefined) {
    const { sdk, client } = this.#sdk;
    const command = new sdk.ListKeyRotationsCommand({ KeyId: this.keyId, Marker: marker });
    try {
      return await this.#attempt(() => client.send(command, { abortSignal: this.#closing.signal }));
    } catch (failure) {
      if (knowsNoRotations(failure)) return undefined;
      throw toVaultError(failure, "ListKeyRotations", this.keyId);
    }
  }

  /** @returns The answer, and apart from it the clear data key that came with it. */
  async #call(operation: Operation, keyId: string, send: Send) {
    const { handler } = this.#sdk;
    try {
      return await this.#attempt(async () => {
        const call = AbortSignal.any([this.#closing.signal]); // one for each attempt: it names the attempt's plaintext
        try {
          return { answer: await send(this.#sdk, call), plaintext: handler.plaintextOf(call) };
        } finally {
          handler.plaintextOf(call)?.fill(0); // of an answer that the SDK could not read
        }
      });
    } catch (failure) {
      throw toVaultError(failure, operation, keyId);
    }
  }

  /** @throws {AttemptsFailed} */
  async #attempt<T>(ask: () => Promise<T>): Promise<T> {
    const attempt = async () => {
      this.#outage.enter();
      try {
        const answer = await ask();
        this.#outage.end();
        return answer;
      } catch (reason) {
        if (isAnswer(reason)) this.#outage.end();
        throw reason;
      }
    };
    try {
      return await withRetries(attempt, isTransient, this.#retry);
    } catch (failure) {
      if (isUnreachable(failure)) this.#outage.begin();
      throw failure;
    }
  }
}

function toAws({ secret, version }: KeyContext): Record<string, string> {
  return { secret, version: String(version) };
}

function blobOf(answer: unknown): Uint8Array | undefined {
  const { CiphertextBlob: blob } = Object(answer) as { CiphertextBlob?: unknown };
  return blob instanceof Uint8Array && blob.length > 0 ? new Uint8Array(blob) : undefined;
}

/** @returns Unix seconds. The SDK takes what it is sent for what it should be. */
function datesOf(rotations: unknown, keyId: string): number[] {
  const list: unknown[] = Array.isArray(rotations) ? rotations : [];
  const dates = list.map((rotation) => (Object(rotation) as { RotationDate?: unknown }).RotationDate);
  const seconds = dates.map((date) => date instanceof Date ? Math.floor(date.getTime() / 1000) : NaN);
  if (seconds.every(Number.isSafeInteger)) return seconds;
  throw new VaultError("UNAVAILABLE", `AWS KMS lists a rotation of key '${keyId}' without its date`);
}

function checkKeyId(keyId: string): void {
  if (keyId !== "" && !keyId.startsWith("alias/") && !keyId.includes(":alias/")) return;
  throw new VaultError("INVALID_ARGUMENT", "the key of AWS KMS must be named by its id or ARN, not by an alias");
}

function checkEndpoint(endpoint: string): void {
  const url = URL.parse(endpoint);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.includes(url.hostname))) return;
  throw new VaultError(
    "INVALID_ARGUMENT",
    "the endpoint of AWS KMS must be an https:// URL: data keys pass through it",
  );
}
