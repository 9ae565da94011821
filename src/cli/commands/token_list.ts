import { type Command, JSON_OPTION } from "../command.ts";
import { expiryWarnings, withDaysLeft } from "../expiry.ts";
import { left, right } from "../table.ts";

export const tokenList: Command = {
  name: "list",
  help: "List all tokens",
  usage: "runevault token list [-h]",
  options: [JSON_OPTION],
  examples: ["runevault token list", "runevault token list --json"],
  async run(context) {
    const tokens = await (await context.admin()).listTokens();
    context.io.stderr(expiryWarnings(tokens, Date.now()));
    if (context.values.has("--json")) return context.printJson({ tokens: withDaysLeft(tokens, Date.now()) });
    if (tokens.length === 0) return context.printLine("No tokens issued.");
    context.printLine(row("USER", "ROLE", "TOP_K", "RATE", "EXPIRES"));
    for (const { user, role, top_k, rate_limit, expires } of tokens) {
      context.printLine(row(user, role, top_k, rate_limit, expires));
    }
  },
};

function row(user: string, role: string, topK: number | string, rate: string, expires: string): string {
  return `${left(user, 16)} ${left(role, 10)} ${right(topK, 6)} ${right(rate, 10)}  ${left(expires, 12)}`;
}
