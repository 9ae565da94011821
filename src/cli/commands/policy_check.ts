import { type Command, JSON_OPTION } from "../command.ts";
import { printable } from "../printable.ts";

export const policyCheck: Command = {
  name: "check",
  help: "Tell whether a user may do something with a secret, and by which rule; exit 1 when not, 2 after an error",
  isQuestion: true,
  usage: [
    "runevault policy check [-h] --user USER [--address ADDRESS] [--json]",
    "                              ACTION NAME",
  ].join("\n"),
  options: [
    { flag: "--user", metavar: "USER", help: "Whose token", required: true },
    { flag: "--address", metavar: "ADDRESS", help: "Of the client, for read and verify" },
    JSON_OPTION,
  ],
  words: "ACTION NAME",
  wordCount: 2,
  examples: [
    "runevault policy check --user alice read payments/stripe/key",
    "(actions: read, list, create, update, delete, rotate, verify)",
  ],
  async run(context) {
    const { values } = context, [action, name] = values.words;
    const asked = { user: values.required("--user"), action, name, address: values.text("--address") };
    const decision = await (await context.secrets()).checkPolicy(asked);
    if (values.has("--json")) context.printJson(decision);
    else {
      context.printLine(printable(decision.explanation));
      if (decision.address !== null) context.printLine(printable(decision.address));
    }
    return decision.allowed ? 0 : 1;
  },
};
