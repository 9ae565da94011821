import type { CredentialSource } from "./credentials.ts";
import { CONTAINER_ADDRESS, INSTANCE_ADDRESS } from "./metadata_credentials.ts";

/** The SDK looks for these while it is loaded; they are answered as not set. */
export const SDK_ENVIRONMENT = [
  "AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026",
  "AWS_LAMBDA_BENCHMARK_MODE",
  "AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA",
  "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED",
];

export interface AwsPlace {
  readonly region: string;
  /** URL in place of the region's own, e.g. of a VPC endpoint. */
  readonly endpoint?: string;
  readonly credentials: CredentialSource;
  readonly credentialsFile?: string;
}

/** What AWS KMS needs of the process, in the terms of permissionsFor(). */
export interface AwsNeeds {
  /** `host:port`; kept after the seal. */
  readonly net: readonly string[];
  /** Files; kept after the seal. */
  readonly read: readonly string[];
  /** Read at start alone. */
  readonly env: readonly string[];
  readonly ignoredEnv: readonly string[];
}

/** The service's URL: the configured one, or the region's. */
export function endpointOf({ region, endpoint }: Pick<AwsPlace, "region" | "endpoint">): string {
  if (endpoint) return endpoint;
  return `https://kms.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** @throws {TypeError} when the endpoint is no URL. */
export function awsNeeds(place: AwsPlace): AwsNeeds {
  const { protocol, hostname, port } = new URL(endpointOf(place));
  const service = `${hostname}:${port || (protocol === "http:" ? "80" : "443")}`;
  const source: Record<CredentialSource, Partial<AwsNeeds>> = {
    environment: { env: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] },
    file: { read: [place.credentialsFile ?? ""] },
    container: { net: [CONTAINER_ADDRESS], env: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] },
    instance: { net: [INSTANCE_ADDRESS] },
  };
  const { net = [], read = [], env = [] } = source[place.credentials];
  return { net: [service, ...net], read, env, ignoredEnv: SDK_ENVIRONMENT };
}
