/**
 * A process that uses AWS KMS as the daemon does: it opens the keys, gives up every permission but those to keep, and
 * then works. Its argument is a SealedPlan in JSON; prints a JSON line of what each step gave.
 *
 * @module
 */
import { AwsKeys, credentialNeeds, type CredentialSource, openCredentials } from "#adapters/kms/aws/mod.ts";

export interface SealedPlan {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: CredentialSource;
  readonly credentialsFile: string;
  readonly keyId: string;
  readonly otherKeyId: string;
  readonly metadataUrl?: string;
  /** Host that the process must no longer reach. */
  readonly forbidden: string;
}

const CONTEXT = { secret: "db/password", version: 3 };
const plan: SealedPlan = JSON.parse(Deno.args[0]);

const credentials = openCredentials({
  source: plan.credentials,
  env: (name) => Deno.env.get(name),
  file: plan.credentialsFile,
  metadataUrl: plan.metadataUrl,
});
const keys = await AwsKeys.open({ ...plan, credentials, maxRetries: 1 });
const { read } = credentialNeeds(plan.credentials, plan.credentialsFile);
for (const name of ["env", "sys", "run", "ffi", "import", "write"] as const) Deno.permissions.revokeSync({ name });
if (read.length === 0) Deno.permissions.revokeSync({ name: "read" });

const outcome = async (step: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await step();
  } catch (reason) {
    return reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  }
};
const { dataKey, ...wrapped } = await keys.generate(CONTEXT);
const isSame = (other: Uint8Array) => other.toHex() === dataKey.toHex();
const results = {
  bytes: dataKey.length,
  opens: await outcome(async () => isSame(await keys.unwrap(wrapped, CONTEXT))),
  otherName: await outcome(() => keys.unwrap(wrapped, { ...CONTEXT, secret: "db/other" })),
  unknownKey: await outcome(() => keys.unwrap({ ...wrapped, keyId: plan.otherKeyId }, CONTEXT)),
  rewraps: await outcome(async () => isSame(await keys.unwrap(await keys.rewrap(wrapped, CONTEXT), CONTEXT))),
  lastRotation: await outcome(() => keys.lastRotation()),
  environment: await outcome(() => Promise.resolve(Deno.env.get("AWS_SECRET_ACCESS_KEY"))),
  connection: await outcome(() => fetch(`http://${plan.forbidden}/`)),
};
await keys.close();
console.log(JSON.stringify(results));
