/**
 * Preloaded into the daemon by bench.ts: prints the longest time that the event loop was held in each quarter second.
 *
 * @module
 */
const PERIOD_MS = 1;
const REPORT_MS = 250;

let last = performance.now(), longest = 0, reported = last;
const timer = setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - PERIOD_MS);
  last = now;
  if (now - reported < REPORT_MS) return;
  Deno.stdout.writeSync(new TextEncoder().encode(`${longest.toFixed(1)}\n`));
  longest = 0;
  reported = now;
}, PERIOD_MS);
// The daemon's own modules are loaded only once nothing here holds the event loop.
Deno.unrefTimer(timer);
