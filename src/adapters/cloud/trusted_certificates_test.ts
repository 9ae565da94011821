import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { TempDir } from "#config/testing.ts";
import { trustedCertificates } from "./trusted_certificates.ts";

const [ONE, TWO, THREE] = rootCertificates.map((pem) => pem.trim());
const bundle = (...certificates: string[]) => certificates.map((pem) => `# a comment\n${pem}\n`).join("\n");

Deno.test("trustedCertificates() reads the first of the system's bundles that is there, one certificate each", async () => {
  using dir = new TempDir();
  const second = dir.write("second.pem", bundle(ONE, TWO), 0o644);
  const places = [dir.join("absent.pem"), second, dir.write("third.pem", bundle(THREE))];
  assert.deepEqual(await trustedCertificates(undefined, places), { certificates: [ONE, TWO], source: second });
  assert.deepEqual(await trustedCertificates("", places), { certificates: [ONE, TWO], source: second });
});

Deno.test("trustedCertificates() takes the named file alone, in place of the system's", async () => {
  using dir = new TempDir();
  const own = dir.write("own.pem", bundle(THREE)), system = [dir.write("system.pem", bundle(ONE))];
  assert.deepEqual(await trustedCertificates(own, system), { certificates: [THREE], source: own });
  await assert.rejects(trustedCertificates(dir.join("absent.pem"), system), Deno.errors.NotFound);
});

Deno.test("trustedCertificates() falls back on Deno's own where the system has none", async () => {
  const { certificates, source } = await trustedCertificates(undefined, []);
  assert.ok(certificates.length > 50);
  assert.match(source, /Mozilla/);
});

for (
  const { name, text } of [
    { name: "an empty file", text: "" },
    { name: "a private key", text: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
    { name: "half a certificate", text: ONE.slice(0, 200) },
  ]
) {
  Deno.test(`trustedCertificates() refuses ${name}: nobody would be trusted`, async () => {
    using dir = new TempDir();
    const path = dir.write("own.pem", text);
    await assert.rejects(trustedCertificates(path), {
      message: `certificate authorities in ${path}: no certificate in PEM form`,
    });
  });
}
