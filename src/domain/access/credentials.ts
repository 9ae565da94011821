import { createHash, timingSafeEqual } from "node:crypto";

/** Values of the headers that say who calls, as they were received; undefined where there was none. */
export interface Credentials {
  readonly authorization?: string;
  /** `X-Service`: a user's name. */
  readonly service?: string;
  /** `X-Token` */
  readonly token?: string;
}

export interface GivenToken {
  readonly token: string;
  /** Whose token it must be. */
  readonly user?: string;
}

/**
 * The token that the headers carry: `Authorization: Bearer <token>` (or `bearer`, and no other spelling), or `X-Service`
 * with `X-Token`. Where both ways are used, they must agree; half a pair is no way.
 *
 * @returns undefined when there is none that could be looked up.
 */
export function givenToken({ authorization, service, token }: Credentials): GivenToken | undefined {
  const bearer = /^[Bb]earer (.*)$/s.exec(authorization ?? "")?.[1].trim();
  if (!service && !token) return bearer ? { token: bearer } : undefined;
  if (!service || !token || bearer && !isSameText(bearer, token)) return undefined;
  return { token, user: service };
}

/** In a time that tells nothing about where two texts differ. */
export function isSameText(a: string, b: string): boolean {
  const [digestA, digestB] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(digestA, digestB);
}
