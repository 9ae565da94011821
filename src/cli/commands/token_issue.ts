import { type Command, JSON_OPTION } from "../command.ts";
import { parseExpiryDays } from "../durations.ts";
import { tokenText } from "../token_text.ts";

const FOR_EACH = "--for-each";

export const tokenIssue: Command = {
  name: "issue",
  help: "Issue a new token",
  usage: "runevault token issue [-h] --user USER --role ROLE [--expires EXPIRES]",
  options: [
    {
      flag: "--user",
      metavar: "USER",
      help: "Username",
      required: true,
      requiredUnless: FOR_EACH,
      notWith: FOR_EACH,
    },
    { flag: "--role", metavar: "ROLE", help: "Role name", required: true, requiredUnless: FOR_EACH },
    { flag: "--expires", metavar: "EXPIRES", help: "Duration until expiry (e.g. 90d, 12w, 6m)" },
    {
      flag: FOR_EACH,
      metavar: "FILE",
      help: "Issue for each user,role,expires of a .csv or .yml file",
      isPath: true,
    },
    {
      flag: "--out-dir",
      metavar: "DIR",
      help: "Where each of these tokens gets its own file",
      isPath: true,
      needs: FOR_EACH,
      requiredWith: FOR_EACH,
    },
    JSON_OPTION,
  ],
  examples: [
    "runevault token issue --user alice --role member --expires 90d",
    "runevault token issue --for-each team.csv --role member --out-dir tokens",
  ],
  async run(context) {
    const { values } = context;
    if (values.has(FOR_EACH)) {
      const { issueForEach } = await import("../issue_for_each.ts");
      return await issueForEach(context);
    }
    const expires = values.text("--expires");
    const days = expires === undefined ? undefined : parseExpiryDays(expires);
    const admin = await context.admin();
    const issued = await admin.issueToken(values.required("--user"), values.required("--role"), days);
    if (values.has("--json")) context.printJson(issued);
    else context.io.stdout(tokenText("issued", issued));
  },
};
