/**
 * Runs something once, later; injected so that waiting can be tested without waiting.
 *
 * @returns Calls it off; harmless afterwards.
 */
export type Timer = (run: () => void, milliseconds: number) => () => void;

export const systemTimer: Timer = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};
