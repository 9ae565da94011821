import { createHash, timingSafeEqual } from "node:crypto";
import { nextTurn } from "#ports/pause.ts";
import { wipe } from "./wipe.ts";

/**
 * How many openings and comparisons a verification costs, whichever versions there are and match. Only a secret with
 * more live versions than this costs more: the next multiple.
 */
export const VERIFY_CANDIDATES = 16;

/** Opens one version, in a buffer that the caller wipes. */
export type Open = () => Promise<Uint8Array>;

/**
 * Finds the candidate that equals a value; neither the number of candidates nor which one matches shows in the time.
 *
 * @param candidates Live versions; all are opened, also after a match.
 * @param dummy Opened as often as candidates are missing.
 * @returns The index of the first that is equal, -1 when none is.
 */
export async function indexOfEqual(candidates: readonly Open[], dummy: Open, value: Uint8Array): Promise<number> {
  const wanted = digest(value);
  const rounds = Math.max(1, Math.ceil(candidates.length / VERIFY_CANDIDATES)) * VERIFY_CANDIDATES;
  let found = -1;
  for (let i = 0; i < rounds; i++) {
    if (i > 0 && i % VERIFY_CANDIDATES === 0) await nextTurn(); // whoever may write can make very many
    const isCandidate = i < candidates.length;
    const opened = await (isCandidate ? candidates[i] : dummy)();
    const isEqual = timingSafeEqual(digest(opened), wanted);
    wipe(opened);
    found = isEqual && isCandidate && found < 0 ? i : found;
  }
  return found;
}

/** Digests have one length, so that comparing them does not tell that of the value. */
function digest(value: Uint8Array): Uint8Array {
  return createHash("sha256").update(value).digest();
}
