import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * Checks AWS Signature Version 4 as the service does: it computes the signature anew from the secret key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @module
 */

export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly sessionToken?: string;
}

/** An error type of AWS, and its text. */
export type Refusal = readonly [type: string, message: string];

const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_SKEW_MS = 5 * 60_000;
/** What must be covered: who is asked, when, and for what. */
const MUST_SIGN = ["host", "x-amz-date", "x-amz-target"];
const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** @param now Milliseconds. @returns Why the request is refused; undefined when its signature is good. */
export function refusalOf(
  request: SignedRequest,
  { keys, region, now }: { keys: readonly AccessKey[]; region: string; now: number },
): Refusal | undefined {
  const { headers } = request;
  const parts = FORM.exec(headers.authorization ?? "");
  if (!parts) return ["MissingAuthenticationTokenException", "Request is missing Authentication Token"];
  const [, keyId, day, scopeRegion, service, signedHeaders, signature] = parts;
  const key = keys.find(({ id }) => id === keyId);
  if (!key || (key.sessionToken ?? "") !== (headers["x-amz-security-token"] ?? "")) {
    return ["UnrecognizedClientException", "The security token included in the request is invalid."];
  }
  const time = headers["x-amz-date"] ?? "", names = signedHeaders.split(";");
  if (scopeRegion !== region || service !== "kms" || !time.startsWith(day)) {
    return ["InvalidSignatureException", "Credential should be scoped to a valid region, service and date."];
  }
  if (MUST_SIGN.some((name) => !names.includes(name))) {
    return ["InvalidSignatureException", "A header that must be signed is not."];
  }
  if (Math.abs(timeOf(time) - now) > MAX_SKEW_MS) {
    return ["InvalidSignatureException", `Signature expired: ${time} is not within 5 minutes`];
  }
  const scope = `${day}/${scopeRegion}/${service}/aws4_request`;
  const text = [ALGORITHM, time, scope, sha256(canonicalRequest(request, names))].join("\n");
  const signingKey = scope.split("/").reduce<Uint8Array>(hmac, new TextEncoder().encode(`AWS4${key.secret}`));
  const want = hmac(signingKey, text);
  if (timingSafeEqual(want, Uint8Array.fromHex(signature))) return undefined;
  return [
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided.",
  ];
}

function canonicalRequest({ method, url, headers, body }: SignedRequest, names: readonly string[]): string {
  const { pathname, searchParams } = new URL(url, "http://host");
  searchParams.sort();
  const payload = sha256(body);
  if ((headers["x-amz-content-sha256"] ?? payload) !== payload) return ""; // matches no signature
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  return [method, pathname, searchParams.toString(), lines, names.join(";"), payload].join("\n");
}

/** Of `20261122T113536Z`. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
