import { rootCertificates } from "node:tls";
import { messageOf } from "#errors/mod.ts";
import { SYSTEM_BUNDLES } from "./system_bundles.ts";

export interface TrustedCertificates {
  /** PEM, one certificate each. */
  readonly certificates: readonly string[];
  /** Where they come from, for the log. */
  readonly source: string;
}

/**
 * The certificate authorities that the cloud's certificate is checked against, read once.
 *
 * @param bundle The file to use in place of the system's.
 * @param systemBundles For tests.
 * @throws When that file cannot be read or holds no certificate.
 */
export async function trustedCertificates(
  bundle: string | undefined,
  systemBundles: readonly string[] = SYSTEM_BUNDLES,
): Promise<TrustedCertificates> {
  if (bundle) return { certificates: await read(bundle), source: bundle };
  for (const source of systemBundles) {
    try {
      return { certificates: await read(source), source };
    } catch (reason) {
      if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    }
  }
  return { certificates: rootCertificates, source: "the Mozilla certificates that Deno brings" };
}

async function read(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path).catch((reason) => {
    if (reason instanceof Deno.errors.NotFound) throw reason;
    const why = reason instanceof Deno.errors.NotCapable
      ? "the daemon may read only its own files: put them into the install directory"
      : messageOf(reason);
    throw new Error(`certificate authorities in ${path}: ${why}`);
  });
  // One by one: of several in one text only the first counts.
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new Error(`certificate authorities in ${path}: no certificate in PEM form`);
  return certificates;
}
