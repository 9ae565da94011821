import { VaultError } from "#errors/mod.ts";
import { containerCredentials, instanceCredentials } from "./metadata_credentials.ts";

/** What requests are signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When others must be asked for; absent: never. */
  readonly expiration?: Date;
}

/** Links of AWS's standard chain; which one is configured, since each needs permissions of its own. */
export type CredentialSource = "environment" | "file" | "container" | "instance";

export interface CredentialOptions {
  readonly source: CredentialSource;
  /** Reads an environment variable; called before the process is sealed, never later. */
  readonly env: (name: string) => string | undefined;
  /** Shared credentials file, for source `file`. */
  readonly file?: string;
  /** Section of that file. */
  readonly profile?: string;
  /** In place of the addresses that AWS has fixed, for tests. */
  readonly metadataUrl?: string;
}

/** A file may be rotated: it is read again after this time. */
const FILE_TTL_MS = 15 * 60_000;

/**
 * Reads what must be read before the process is sealed.
 *
 * @returns Gives credentials that are valid for the time being.
 * @throws {VaultError} INVALID_ARGUMENT when they are missing; quotes none.
 */
export function openCredentials(options: CredentialOptions): () => Promise<AwsCredentials> {
  switch (options.source) {
    case "environment": {
      const credentials = environmentCredentials(options.env);
      return () => Promise.resolve(credentials);
    }
    case "file":
      return () => fileCredentials(options.file ?? "", options.profile ?? "default");
    case "container":
      return containerCredentials(options.env, options.metadataUrl);
    case "instance":
      return () => instanceCredentials(options.metadataUrl);
  }
}

function environmentCredentials(env: CredentialOptions["env"]): AwsCredentials {
  const accessKeyId = env("AWS_ACCESS_KEY_ID"), secretAccessKey = env("AWS_SECRET_ACCESS_KEY");
  const sessionToken = env("AWS_SESSION_TOKEN");
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  }
  throw new VaultError(
    "INVALID_ARGUMENT",
    "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another secrets.kms.credentials",
  );
}

async function fileCredentials(path: string, profile: string): Promise<AwsCredentials> {
  const section = sectionOf(await Deno.readTextFile(path), profile);
  const accessKeyId = section.get("aws_access_key_id"), secretAccessKey = section.get("aws_secret_access_key");
  if (!accessKeyId || !secretAccessKey) {
    throw new VaultError("INVALID_ARGUMENT", `no AWS credentials of profile '${profile}' in ${path}`);
  }
  const sessionToken = section.get("aws_session_token"), expiration = new Date(Date.now() + FILE_TTL_MS);
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}), expiration };
}

/** Of a file in AWS's form: `[profile]`, then `key = value` lines; `#` and `;` begin comments. */
function sectionOf(text: string, profile: string): Map<string, string> {
  const section = new Map<string, string>();
  let isIn = false;
  for (const line of text.split("\n").map((line) => line.trim())) {
    const heading = /^\[([^\]]*)\]/.exec(line);
    if (heading) isIn = heading[1].trim() === profile;
    const equals = line.indexOf("=");
    if (!isIn || heading || equals < 0 || /^[#;]/.test(line)) continue;
    section.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim());
  }
  return section;
}
