export type { CloudAddress } from "./channel.ts";
export { EnvectorClient, type EnvectorOptions } from "./envector_client.ts";
export { type TrustedCertificates, trustedCertificates } from "./trusted_certificates.ts";
