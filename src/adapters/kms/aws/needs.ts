import type { CredentialSource } from "./credentials.ts";
import { CONTAINER_ADDRESS, INSTANCE_ADDRESS } from "./metadata_credentials.ts";

/** The SDK looks for these while it is loaded; the process answers them as not set, without a permission. */
export const SDK_ENVIRONMENT: readonly string[] = [
  "AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026",
  "AWS_LAMBDA_BENCHMARK_MODE",
  "AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA",
  "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED",
];

/** What a source of credentials needs of the process, beside the address of the service itself. */
export interface CredentialNeeds {
  /** `host:port`; kept after the seal, since a role's credentials last hours. */
  readonly net: readonly string[];
  /** Files; kept after the seal, since they may be rotated. */
  readonly read: readonly string[];
  /** Variables; read at start alone. */
  readonly env: readonly string[];
}

/** @param file Of source `file`. */
export function credentialNeeds(source: CredentialSource, file = ""): CredentialNeeds {
  const nothing: CredentialNeeds = { net: [], read: [], env: [] };
  switch (source) {
    case "environment":
      return { ...nothing, env: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] };
    case "file":
      return { ...nothing, read: [file] };
    case "container":
      return { ...nothing, net: [CONTAINER_ADDRESS], env: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] };
    case "instance":
      return { ...nothing, net: [INSTANCE_ADDRESS] };
  }
}
