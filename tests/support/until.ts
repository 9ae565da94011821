const POLL_MS = 20;

/**
 * Waits for what nothing tells of.
 *
 * @param options.withinMs After so long it fails; 30,000.
 * @throws {Error} with `failure`.
 */
export async function until(
  isDone: () => boolean | Promise<boolean>,
  { failure = "it does not happen", withinMs = 30_000 }: { failure?: string; withinMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!await isDone()) {
    if (performance.now() > deadline) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
