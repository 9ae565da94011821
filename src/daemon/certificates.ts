import "reflect-metadata"; // x509's dependency injection stops without it
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { Buffer } from "node:buffer";

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
const SERVER_DAYS = 825;
const CA_NAME = "CN=Rune-Vault CA";

/** PEM texts by file name. */
export type CertificateFiles = Readonly<Record<"ca.pem" | "ca.key" | "server.pem" | "server.key", string>>;

/**
 * Makes a CA and a server certificate signed by it (contract runevault.md 9.3).
 *
 * @param now Milliseconds since 1970-01-01T00:00:00Z: the start of both validities.
 */
export async function createCertificates(now: number): Promise<CertificateFiles> {
  const caKeys = await rsaKeys(4096), serverKeys = await rsaKeys(2048);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: CA_NAME,
    keys: caKeys,
    ...validity(now, CA_DAYS),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const server = await X509CertificateGenerator.create({
    subject: "CN=localhost",
    issuer: CA_NAME,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    ...validity(now, SERVER_DAYS),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...["localhost", "vault", "rune-vault", "runevault"].map((value) => ({ type: "dns" as const, value })),
        { type: "ip", value: "127.0.0.1" },
      ]),
    ],
  });
  return {
    "ca.pem": `${ca.toString("pem")}\n`,
    "ca.key": await privateKeyPem(caKeys.privateKey),
    "server.pem": `${server.toString("pem")}\n`,
    "server.key": await privateKeyPem(serverKeys.privateKey),
  };
}

function rsaKeys(modulusLength: number): Promise<CryptoKeyPair> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };
  return crypto.subtle.generateKey({ ...algorithm, modulusLength }, true, ["sign", "verify"]);
}

function validity(now: number, days: number) {
  return {
    serialNumber: serialNumber(),
    notBefore: new Date(now),
    notAfter: new Date(now + days * DAY_MS),
    signingAlgorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  };
}

/** 126 random bits in hex: positive, and never a zero first byte. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = bytes[0] & 0x3f | 0x40;
  return bytes.toHex();
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
}
