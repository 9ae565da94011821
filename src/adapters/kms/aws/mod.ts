/** Key-encryption keys in AWS KMS; `@aws-sdk/client-kms` is loaded by AwsKeys.open() alone. @module */
export { AwsKeys, type AwsKeysOptions } from "./aws_keys.ts";
export { type AwsCredentials, type CredentialOptions, type CredentialSource, openCredentials } from "./credentials.ts";
export { type CredentialNeeds, credentialNeeds, SDK_ENVIRONMENT } from "./needs.ts";
