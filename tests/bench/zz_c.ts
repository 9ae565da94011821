import { hchacha, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { createCipheriv, createDecipheriv, createHash, hash, timingSafeEqual } from "node:crypto";
const key = new Uint8Array(32).fill(1),
  nonce = crypto.getRandomValues(new Uint8Array(24)),
  aad = new TextEncoder().encode("bench/s1:1");
const sealed = xchacha20poly1305(key, nonce, aad).encrypt(new Uint8Array(64));
function bench(name: string, f: () => void) {
  for (let i = 0; i < 5000; i++) f();
  const t = performance.now();
  for (let i = 0; i < 20000; i++) f();
  console.log(name, ((performance.now() - t) / 20000 * 1000).toFixed(2), "us");
}
bench("noble xchacha", () => {
  xchacha20poly1305(key, nonce, aad).decrypt(sealed);
});
bench("gcm", () => {
  const d = createDecipheriv("aes-256-gcm", key, nonce.subarray(0, 12), { authTagLength: 16 });
  d.setAAD(aad);
  d.update(sealed.subarray(0, 64));
});
try {
  const c = createCipheriv("chacha20-poly1305" as any, key, nonce.subarray(0, 12), { authTagLength: 16 } as any);
  console.log("node chacha ok");
  bench("node chacha", () => {
    const d: any = createDecipheriv(
      "chacha20-poly1305" as any,
      key,
      nonce.subarray(0, 12),
      { authTagLength: 16 } as any,
    );
    d.setAAD(aad);
    d.update(sealed.subarray(0, 64));
  });
} catch (e) {
  console.log(String(e));
}
bench("sha256 createHash", () => {
  createHash("sha256").update("evt_0123456789").digest();
});
try {
  bench("sha256 hash()", () => {
    hash("sha256", "evt_0123456789", "hex");
  });
} catch (e) {
  console.log(String(e));
}
const a = new Uint8Array(32), b = new Uint8Array(32);
bench("timingSafeEqual", () => {
  timingSafeEqual(a, b);
});
bench("toBase64 72", () => {
  new Uint8Array(72).toBase64();
});
bench("Date iso", () => {
  new Date(1234567890123).toISOString();
});
bench("statSync", () => {
  Deno.statSync("/tmp");
});
const f = Deno.openSync("/tmp/zzz", { append: true, create: true });
const line = new Uint8Array(250);
bench("writeSync", () => {
  f.writeSync(line);
});
