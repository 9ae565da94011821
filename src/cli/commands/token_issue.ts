import { type Command, JSON_OPTION } from "../command.ts";
import { parseExpiryDays } from "../durations.ts";
import { tokenText } from "../token_text.ts";

export const tokenIssue: Command = {
  name: "issue",
  help: "Issue a new token",
  usage: "runevault token issue [-h] --user USER --role ROLE [--expires EXPIRES]",
  options: [
    { flag: "--user", metavar: "USER", help: "Username", required: true },
    { flag: "--role", metavar: "ROLE", help: "Role name", required: true },
    { flag: "--expires", metavar: "EXPIRES", help: "Duration until expiry (e.g. 90d, 12w, 6m)" },
    JSON_OPTION,
  ],
  examples: ["runevault token issue --user alice --role member --expires 90d"],
  async run(context) {
    const { values } = context;
    const expires = values.text("--expires");
    const days = expires === undefined ? undefined : parseExpiryDays(expires);
    const admin = await context.admin();
    const issued = await admin.issueToken(values.required("--user"), values.required("--role"), days);
    if (values.has("--json")) context.printJson(issued);
    else context.io.stdout(tokenText("issued", issued));
  },
};
