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
    const time = new Date(clock.now()).toISOString(), text = withoutTokens(message);
    write(
      format === "json"
        ? `${JSON.stringify({ time, level: messageLevel, message: text })}\n`
        : `${time} ${messageLevel.toUpperCase().padEnd(5)} ${oneLine(text)}\n`,
    );
  };
}

/** A user's name in a message must neither pass for a line of ours nor steer the terminal. */
function oneLine(message: string): string {
  return message.replace(/\r?\n/g, " | ").replace(/[\p{Cc}\u2028\u2029]/gu, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** No message holds a token, unless somebody gives one where a name belongs. */
function withoutTokens(message: string): string {
  return message.replace(/evt_[0-9a-f]{32}/g, "evt_[REDACTED]");
}

function writeStderr(line: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  } catch {
    // The reader is gone; a vault does not stop for that.
  }
}
