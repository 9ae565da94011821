import { readKeyEnvelope } from "#domain/fhe/mod.ts";
import { ScoreEncryptor } from "../support/blobs.ts";
import { GOLDEN } from "../support/paths.ts";

const symbols = {
  evi_context_create: { parameters: ["i32", "i32", "u64", "i32", "usize", "buffer"], result: "i32" },
  evi_secret_key_create_from_path: { parameters: ["buffer", "buffer"], result: "i32" },
  evi_decryptor_create: { parameters: ["usize", "buffer"], result: "i32" },
  evi_search_result_deserialize_from_string: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
  evi_search_result_destroy: { parameters: ["usize"], result: "void" },
  evi_decryptor_decrypt_search_result_with_seckey: {
    parameters: ["usize", "usize", "usize", "i32", "usize", "buffer"],
    result: "i32",
  },
  evi_message_destroy: { parameters: ["usize"], result: "void" },
  rv_decrypt_top_k: {
    parameters: ["usize", "usize", "buffer", "usize", "u32", "buffer", "buffer", "buffer", "usize"],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Times the library alone, on this thread; the least of many, since the machine does other things too. */
export function benchLibrary(
  path: string,
  blobOf: (ciphertexts: number) => string,
  print: (line: string) => void,
): void {
  const { symbols: call } = Deno.dlopen(path, symbols);
  const context = handle((out) => call.evi_context_create(5, 0, 1024n, 0, 0n, out));
  const key = openGoldenKey((bin, out) => call.evi_secret_key_create_from_path(bin, out));
  const decryptor = handle((out) => call.evi_decryptor_create(context, out));
  const result = ScoreEncryptor.golden().searchResult(Array(4096).fill(0.5)), size = BigInt(result.length);
  const interfaceOnly = leastMicroseconds(() => {
    const parsed = handle((out) => call.evi_search_result_deserialize_from_string(result, size, out));
    const message = handle((out) =>
      call.evi_decryptor_decrypt_search_result_with_seckey(decryptor, parsed, key, 1, 0n, out)
    );
    call.evi_message_destroy(message);
    call.evi_search_result_destroy(parsed);
  });
  print("\nOne ciphertext of 4,096 rows inside the library, one thread");
  print(`  vendor's interface, parse and decrypt:              ${interfaceOnly.toFixed(1)} us`);
  const scores = new Uint8Array(16 * 10), counts = new Uint32Array(3), message = new Uint8Array(256);
  for (const ciphertexts of [1, 10, 244]) {
    const text = new TextEncoder().encode(blobOf(ciphertexts));
    const whole = leastMicroseconds(() =>
      call.rv_decrypt_top_k(context, key, text, BigInt(text.length), 10, scores, counts, message, 256n)
    );
    const label = `  base64 text to top 10, ${ciphertexts} in a call:`.padEnd(52);
    print(`${label}  ${(whole / ciphertexts).toFixed(1)} us each`);
  }
}

function handle(create: (out: BigUint64Array<ArrayBuffer>) => number): bigint {
  const out = new BigUint64Array(1);
  if (create(out) !== 0) throw new Error("the library refused a call");
  return out[0];
}

function openGoldenKey(open: (path: Uint8Array<ArrayBuffer>, out: BigUint64Array<ArrayBuffer>) => number): bigint {
  const path = Deno.makeTempFileSync({ suffix: ".bin" });
  try {
    Deno.writeFileSync(path, readKeyEnvelope("SecKey", path, Deno.readFileSync(`${GOLDEN}vault-key/SecKey.json`)));
    return handle((out) => open(new TextEncoder().encode(`${path}\0`), out));
  } finally {
    Deno.removeSync(path);
  }
}

function leastMicroseconds(run: () => void): number {
  const until = performance.now() + 2000;
  let least = Infinity;
  while (performance.now() < until) {
    const started = performance.now();
    run();
    least = Math.min(least, performance.now() - started);
  }
  return least * 1000;
}
