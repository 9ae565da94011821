import type { Command } from "../command.ts";

export const tokenRevoke: Command = {
  name: "revoke",
  help: "Revoke a user's token",
  usage: "runevault token revoke [-h] --user USER",
  options: [{ flag: "--user", metavar: "USER", help: "Username", required: true }],
  examples: ["runevault token revoke --user alice"],
  async run(context) {
    const user = context.values.required("--user");
    await (await context.admin()).revokeToken(user);
    context.printLine(`Revoked token for '${user}'`);
  },
};
