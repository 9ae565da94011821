import type { RotatedTokens } from "#edge/admin/admin_client.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import type { Context } from "../context.ts";
import { tokenText } from "../token_text.ts";

export const tokenRotate: Command = {
  name: "rotate",
  help: "Rotate a token (revoke + reissue)",
  usage: "runevault token rotate [-h] (--user USER | --all)",
  options: [
    { flag: "--user", metavar: "USER", help: "Username to rotate" },
    { flag: "--all", help: "Rotate all tokens" },
    JSON_OPTION,
  ],
  oneOf: ["--user", "--all"],
  examples: ["runevault token rotate --user alice", "runevault token rotate --all"],
  async run(context) {
    const user = context.values.text("--user");
    await (user === undefined ? rotateAll(context) : rotateOne(context, user));
  },
};

async function rotateOne(context: Context, user: string): Promise<void> {
  const rotated = await (await context.admin()).rotateToken(user);
  if (context.values.has("--json")) context.printJson(rotated);
  else context.io.stdout(tokenText("rotated", rotated));
}

async function rotateAll(context: Context): Promise<void> {
  const rotated = await (await context.admin()).rotateAllTokens();
  if (context.values.has("--json")) context.printJson(rotated);
  else context.io.stdout(allText(rotated));
}

function allText({ rotated, tokens }: RotatedTokens): string {
  if (rotated === 0) return "No tokens to rotate.\n";
  const lines = tokens.map(({ user, token }) => `  ${user}: ${token}\n`).join("");
  return `Rotated ${rotated} token(s):

${lines}
  WARNING: These tokens will NOT be shown again. Share them securely.
`;
}
