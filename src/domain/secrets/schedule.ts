/** Rotation and grace, contract secrets.md A.8. All times are unix seconds. @module */

/** The last second that RFC 3339 can tell; nothing is scheduled after it. */
export const LAST_SECOND = 253_402_300_799;

export function unixSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function later(now: number, seconds: number): number {
  return Math.min(now + seconds, LAST_SECOND);
}

/** When a secret that changed now is due again. */
export function nextRotation(now: number, intervalSeconds: number): number {
  return later(now, intervalSeconds);
}

/** From which second on a version that is superseded now is not live any more. */
export function graceEnd(now: number, graceSeconds: number): number {
  return later(now, graceSeconds);
}

export function isDue(nextRotationAt: number | null, now: number): boolean {
  return nextRotationAt !== null && nextRotationAt <= now;
}

/** Whether /verify takes a version: the current one has no end. */
export function isLive(expiresAt: number | null, now: number): boolean {
  return expiresAt === null || now < expiresAt;
}
