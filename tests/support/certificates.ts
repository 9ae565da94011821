import "reflect-metadata";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { Buffer } from "node:buffer";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

type Names = ConstructorParameters<typeof SubjectAlternativeNameExtension>[0];
const LOCAL: Names = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
  { type: "ip", value: "::1" },
];

/** A CA and a certificate for localhost, 127.0.0.1 and ::1, or other names, in PEM; quick to make, unlike the vault's own of RSA 4096. */
export async function testCertificates(
  { notBefore = Date.now() - DAY_MS, notAfter = Date.now() + 90 * DAY_MS, names = LOCAL } = {},
): Promise<{ ca: string; cert: string; key: string }> {
  const keys = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const caKeys = await keys(), serverKeys = await keys();
  const common = { notBefore: new Date(notBefore), notAfter: new Date(notAfter), signingAlgorithm: ALGORITHM };
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: "01",
    name: "CN=Test CA",
    keys: caKeys,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const server = await X509CertificateGenerator.create({
    ...common,
    serialNumber: "02",
    subject: "CN=localhost",
    issuer: "CN=Test CA",
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [new SubjectAlternativeNameExtension(names)],
  });
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)!.join("\n")}\n-----END PRIVATE KEY-----\n`;
  return { ca: ca.toString("pem"), cert: server.toString("pem"), key };
}
