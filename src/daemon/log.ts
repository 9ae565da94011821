import type { Clock } from "#ports/clock.ts";
import type { Log, LogLevel } from "#ports/log.ts";

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * The application log: one line a message.
 *
 * @param options.level The least that is written.
 * @param write Takes a whole line with its newline.
 */
export function createLog(
  { level, format }: { level: LogLevel; format: "text" | "json" },
  clock: Clock,
  write: (line: string) => void = writeStderr,
): Log {
  return (messageLevel, message) => {
    if (RANK[messageLevel] < RANK[level]) return;
    const time = new Date(clock.now()).toISOString();
    // A line break in a message must not be able to pass for a line of ours.
    const text = message.replace(/\r?\n/g, " | ");
    write(
      format === "json"
        ? `${JSON.stringify({ time, level: messageLevel, message: text })}\n`
        : `${time} ${messageLevel.toUpperCase().padEnd(5)} ${text}\n`,
    );
  };
}

function writeStderr(line: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  } catch {
    // The reader is gone; a vault does not stop for that.
  }
}
