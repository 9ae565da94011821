import assert from "node:assert/strict";
import type { LogLevel } from "#ports/log.ts";
import { createLog } from "./log.ts";

const clock = { now: () => Date.UTC(2026, 10, 22, 2, 53, 58, 307), monotonic: () => 0 };
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

for (
  const { format, message, want } of [
    { format: "text", message: "stopped", want: "2026-11-22T02:53:58.307Z WARN  stopped\n" },
    { format: "text", message: "a\nb\r\nc", want: "2026-11-22T02:53:58.307Z WARN  a | b | c\n" },
    {
      format: "text",
      message: "a\x1b[2J\r\x9b\u2028",
      want: "2026-11-22T02:53:58.307Z WARN  a\\u001b[2J\\u000d\\u009b\\u2028\n",
    },
    { format: "json", message: "ä\n", want: '{"time":"2026-11-22T02:53:58.307Z","level":"warn","message":"ä\\n"}\n' },
  ] as const
) {
  Deno.test(`createLog() writes ${JSON.stringify(message)} as one line of ${format}`, () => {
    const lines: string[] = [];
    createLog({ level: "info", format }, clock, (line) => lines.push(line))("warn", message);
    assert.deepEqual(lines, [want]);
  });
}

for (const [i, level] of LEVELS.entries()) {
  Deno.test(`createLog() of level ${level} writes it and what is graver`, () => {
    const lines: string[] = [];
    const log = createLog({ level, format: "json" }, clock, (line) => lines.push(line));
    for (const messageLevel of LEVELS) log(messageLevel, "");
    assert.deepEqual(lines.map((line) => JSON.parse(line).level), LEVELS.slice(i));
  });
}
