import { AwsKeys, type AwsKeysOptions } from "#adapters/kms/aws/mod.ts";
import type { FakeKms } from "./fake_kms.ts";

/** The real client on the fake service, with the fake's access key. */
export function openAwsKeys(kms: FakeKms, keyId: string, change: Partial<AwsKeysOptions> = {}): Promise<AwsKeys> {
  const { region, endpoint, accessKey: { id: accessKeyId, secret: secretAccessKey } } = kms;
  const credentials = () => Promise.resolve({ accessKeyId, secretAccessKey });
  return AwsKeys.open({ keyId, region, endpoint, credentials, ...change });
}
