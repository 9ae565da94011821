import type { KMSClient, KMSClientConfig } from "@aws-sdk/client-kms";
import type { AwsCredentials } from "./credentials.ts";
import { FetchHandler } from "./fetch_handler.ts";

type Sdk = typeof import("@aws-sdk/client-kms");

/** The SDK, a client of it, and the handler that carries the client's requests. */
export interface SdkClient {
  readonly sdk: Sdk;
  readonly client: KMSClient;
  readonly handler: FetchHandler;
}

export interface SdkClientOptions {
  readonly region: string;
  /** `https://…`. */
  readonly endpoint: string;
  /** Asked again when what it gave is about to expire. */
  readonly credentials: () => Promise<AwsCredentials>;
  /** For one attempt, from the connection to the last byte of the answer. */
  readonly timeoutMs: number;
}

/**
 * Loads the SDK and makes a client that reads neither environment nor files afterwards: it works on in a process that has
 * given up all permissions but that for the endpoint. Loading itself looks for SDK_ENVIRONMENT (needs.ts).
 */
export async function openSdkClient(
  { region, endpoint, credentials, timeoutMs }: SdkClientOptions,
): Promise<SdkClient> {
  const sdk: Sdk = await import("@aws-sdk/client-kms");
  const handler = new FetchHandler(timeoutMs);
  // Every setting that the SDK would look for in the environment or in ~/.aws/config when it is absent.
  const settings: KMSClientConfig & { disableClockSkewCorrection: boolean } = {
    region,
    endpoint,
    credentials,
    requestHandler: handler,
    maxAttempts: 1, // withRetries() knows which errors are worth another attempt
    retryMode: "standard",
    defaultsMode: "standard",
    authSchemePreference: [],
    disableClockSkewCorrection: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    userAgentAppId: () => Promise.resolve(undefined),
    defaultUserAgentProvider: () => Promise.resolve([["runevault"]]),
  };
  const client = new sdk.KMSClient(settings);
  client.middlewareStack.remove("recursionDetectionMiddleware"); // looks for AWS Lambda's variables with each call
  return { sdk, client, handler };
}
