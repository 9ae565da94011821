export { decodeBase64, encodeBase64 } from "./base64.ts";
export { KeyBundle } from "./key_bundle.ts";
export { KEY_ID, readKeyEnvelope, writeKeyEnvelope } from "./key_envelope.ts";
export { checkKeyPayload } from "./key_payload.ts";
export { PublicKeys } from "./public_keys.ts";
export { ScoreDecryptor } from "./score_decryptor.ts";
