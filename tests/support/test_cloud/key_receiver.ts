import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { CloudMessage } from "./checks.ts";
import { FAIL, type Receiver, refusal, type TestCloud } from "./test_cloud.ts";

const FRAME_BYTES = 1_048_576;

interface KeyFrame {
  readonly info: CloudMessage;
  /** Of the whole key. */
  readonly size: number;
}

/** Takes uploads of keys, one at a time, and checks every frame and the whole. */
export class KeyReceiver implements Receiver {
  #first: KeyFrame | undefined;
  #parts: Buffer[] = [];

  constructor(readonly cloud: TestCloud) {}

  frame({ key_info, key }: CloudMessage, position: number): void {
    const { size = 0, value } = key as { size?: number; value?: Buffer };
    const info = { ...key_info as CloudMessage };
    if (position === 0) {
      this.#first = { info, size };
      this.#parts = [];
      this.cloud.frames = [];
      this.#checkInfo(info);
    } else if (!isDeepStrictEqual({ info, size }, this.#first)) this.#violation(`frame ${position} has another header`);
    if (this.cloud.frames.some((bytes) => bytes !== FRAME_BYTES)) this.#violation("a short frame before the last");
    if ((value?.length ?? 0) > FRAME_BYTES) this.#violation(`a frame of ${value!.length} bytes`);
    if (value !== undefined) this.#parts.push(value);
    this.cloud.frames.push(value?.length ?? 0);
  }

  end(): CloudMessage {
    const { info, size } = this.#first!, key = Buffer.concat(this.#parts);
    this.#parts = [];
    const sha256 = createHash("sha256").update(key).digest("hex");
    if (key.length !== size) this.#violation(`${key.length} bytes instead of ${size}`);
    if (sha256 !== info.sha256sum) this.#violation("the SHA-256 is another");
    const id = String(info.key_id);
    if (this.cloud.keys.has(id)) return refusal(FAIL, `key ${id} already exists`);
    this.cloud.keys.set(id, { sha256, size, isLoaded: false });
    return {};
  }

  #checkInfo(info: CloudMessage): void {
    const { key_id: _id, sha256sum, ...rest } = info;
    if (!isDeepStrictEqual(rest, { type: "EvalKey", preset: "ip0", eval_mode: "rmp" })) {
      this.#violation(`key_info ${JSON.stringify(rest)}`);
    }
    if (!/^[0-9a-f]{64}$/.test(String(sha256sum))) this.#violation("sha256sum is not lower-case hex");
  }

  #violation(text: string): void {
    this.cloud.violations.push(`register_key: ${text}`);
  }
}
