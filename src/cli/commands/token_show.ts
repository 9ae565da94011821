import { type Command, JSON_OPTION } from "../command.ts";
import { daysLeft } from "../expiry.ts";
import { printable } from "../printable.ts";

export const tokenShow: Command = {
  name: "show",
  help: "Show all of a user's token but the token",
  usage: "runevault token show [-h] [--json] USER",
  options: [JSON_OPTION],
  isAddition: true,
  words: "USER",
  wordCount: 1,
  examples: ["runevault token show alice"],
  async run(context) {
    const token = await (await context.admin()).showToken(context.values.words[0]);
    const { user, role, issued_at, expires, top_k, rate_limit, scope } = token, days = daysLeft(expires, Date.now());
    if (context.values.has("--json")) {
      return context.printJson({ user, role, issued_at, expires, days_left: days, top_k, rate_limit, scope });
    }
    const lines = [
      ["User", user],
      ["Role", role],
      ["Issued", issued_at],
      ["Expires", days === null ? expires : `${expires} (${leftText(days)})`],
      ["Top-k", String(top_k)],
      ["Rate limit", rate_limit],
      ["Scopes", scope.join(",")],
    ];
    for (const [name, value] of lines) context.printLine(`${`${name}:`.padEnd(12)}${printable(value)}`.trimEnd());
  },
};

function leftText(days: number): string {
  if (days <= 0) return days < 0 ? "expired" : "its last day";
  return days === 1 ? "1 day left" : `${days} days left`;
}
