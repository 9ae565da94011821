import { createPrivateKey, X509Certificate } from "node:crypto";
import type { TlsFiles } from "#edge/listener/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/**
 * Reads and checks the server's certificate and key.
 *
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 * @param warn Told when the certificate ends within 30 days.
 * @throws {VaultError} unreadable, not PEM, not a pair, not yet valid or expired; names the file.
 */
export async function loadTlsFiles(
  paths: { cert: string; key: string },
  now: number,
  warn: (message: string) => void,
): Promise<TlsFiles> {
  const cert = await read(paths.cert), key = await read(paths.key);
  const certificate = parse(paths.cert, () => new X509Certificate(cert));
  const privateKey = parse(paths.key, () => createPrivateKey(new TextDecoder().decode(key)));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw failure(`${paths.key} is not the key of the certificate ${paths.cert}`);
  }
  checkDates(paths.cert, certificate, now, warn);
  return { cert, key };
}

function checkDates(path: string, certificate: X509Certificate, now: number, warn: (message: string) => void): void {
  const { validFrom, validTo } = certificate;
  if (Date.parse(validFrom) > now) throw failure(`${path} is not valid before ${validFrom}`);
  const daysLeft = Math.floor((Date.parse(validTo) - now) / DAY_MS);
  if (daysLeft < 0) throw failure(`${path} expired on ${validTo}: renew it`);
  if (daysLeft < WARN_DAYS) warn(`server: tls: ${path} expires in ${daysLeft} days (${validTo}): renew it`);
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (reason) {
    throw failure(`read ${path}: ${messageOf(reason)}`);
  }
}

function parse<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch {
    // The parser's text may quote the key.
    throw failure(`${path} is not valid PEM`);
  }
}

function failure(text: string): VaultError {
  return new VaultError("FAILED_PRECONDITION", `server: tls: ${text}`);
}
