import { messageOf, PayloadError, VaultError } from "#errors/mod.ts";
import { symbols } from "./symbols.ts";

/** A native object's address; 0n is NULL. */
export type Handle = bigint;

/** The opened shared library: its calls, its statuses as exceptions, its memory as bytes. */
export class NativeLibrary {
  readonly call: Deno.DynamicLibrary<typeof symbols>["symbols"];

  /** @throws {VaultError} when there is no such library, or it lacks a function of the interface. */
  constructor(readonly path: string) {
    try {
      this.call = Deno.dlopen(path, symbols).symbols;
    } catch (reason) {
      throw new VaultError(
        "FAILED_PRECONDITION",
        `cannot open the envector library ${path}: ${
          messageOf(reason)
        } (build it with 'deno task build', or set keys.library)`,
      );
    }
  }

  /**
   * Makes one native object.
   *
   * @param create Calls the function with a buffer for the handle, on this thread, and returns its status.
   * @throws {PayloadError} with the library's text.
   */
  create(create: (out: BigUint64Array<ArrayBuffer>) => number): Handle {
    const out = new BigUint64Array(1);
    this.check(create(out));
    return out[0];
  }

  /** @throws {PayloadError} with the library's text unless the status of the last call on this thread is 0. */
  check(status: number): void {
    if (status !== 0) throw new PayloadError(this.#lastError());
  }

  /** The same off this thread; a refused call is repeated on this one, which alone can read the reason. */
  async createLater(
    later: (out: BigUint64Array<ArrayBuffer>) => Promise<number>,
    here: (out: BigUint64Array<ArrayBuffer>) => number,
  ): Promise<Handle> {
    const out = new BigUint64Array(1);
    return await later(out) === 0 ? out[0] : this.create(here);
  }

  /** Copies native memory. */
  copy(address: Handle, bytes: number): Uint8Array<ArrayBuffer> {
    const copied = new Uint8Array(bytes);
    if (bytes > 0) this.call.memcpy(copied, address, BigInt(bytes));
    return copied;
  }

  #lastError(): string {
    const text = BigInt(this.call.evi_last_error_message());
    return new TextDecoder().decode(this.copy(text, Number(this.call.strlen(text))));
  }
}

/** A NUL-terminated string for the library. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
