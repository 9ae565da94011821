import { VaultError } from "#errors/mod.ts";
import type { AwsCredentials } from "./credentials.ts";

/** Of the instance metadata service and of the container agent; fixed by AWS. */
export const INSTANCE_ADDRESS = "169.254.169.254:80", CONTAINER_ADDRESS = "169.254.170.2:80";
const ROLE_PATH = "/latest/meta-data/iam/security-credentials/";
const TOKEN_SECONDS = "300";
/** The service is on the same machine. */
const TIMEOUT_MS = 2_000;

/**
 * The instance's role, by version 2 of the metadata service:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 *
 * @throws whatever fetch() throws, or INVALID_ARGUMENT when the instance has no role.
 */
export async function instanceCredentials(url = `http://${INSTANCE_ADDRESS}`): Promise<AwsCredentials> {
  const headers = { "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS };
  const token = await ask(`${url}/latest/api/token`, { method: "PUT", headers });
  const authorized = { headers: { "x-aws-ec2-metadata-token": token } };
  const [role] = (await ask(url + ROLE_PATH, authorized)).trim().split("\n");
  return parse(await ask(`${url}${ROLE_PATH}${encodeURIComponent(role)}`, authorized));
}

/**
 * The task's role: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
 *
 * @throws {VaultError} INVALID_ARGUMENT when this is no container of AWS.
 */
export function containerCredentials(
  env: (name: string) => string | undefined,
  url = `http://${CONTAINER_ADDRESS}`,
): () => Promise<AwsCredentials> {
  const path = env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (path?.startsWith("/")) return async () => parse(await ask(url + path, {}));
  throw new VaultError("INVALID_ARGUMENT", "no AWS credentials: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
}

async function ask(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (answer.ok) return text;
  throw new VaultError("UNAVAILABLE", `the AWS metadata service answered ${answer.status}: is there a role?`);
}

function parse(text: string): AwsCredentials {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = fieldsOf(text);
  const expiration = new Date(String(Expiration));
  if (
    [AccessKeyId, SecretAccessKey, Token].every((value) => typeof value === "string") && !isNaN(expiration.getTime())
  ) {
    return {
      accessKeyId: String(AccessKeyId),
      secretAccessKey: String(SecretAccessKey),
      sessionToken: String(Token),
      expiration,
    };
  }
  throw new VaultError("UNAVAILABLE", "the AWS metadata service gave no credentials: is there a role?");
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {}; // the parser's own text quotes what it read
  }
}
