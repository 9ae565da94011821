import { type Command, JSON_OPTION } from "../command.ts";

export const secretGet: Command = {
  name: "get",
  help: "Print a secret's value and nothing else; of a pair, the password",
  usage: "runevault secret get [-h] [--version N] [--username | --json] NAME",
  options: [
    { flag: "--version", metavar: "N", help: "Another version than the current one", integer: true },
    { flag: "--username", help: "Print the username of a pair" },
    { ...JSON_OPTION, help: "Print the whole record, with its value", notWith: "--username" },
  ],
  words: "NAME",
  wordCount: 1,
  examples: [
    "export STRIPE_KEY=$(runevault secret get payments/stripe/key)",
    "runevault secret get payments/db --json",
  ],
  async run(context) {
    const { values } = context;
    const secret = await (await context.secrets()).get(values.words[0], values.integer("--version"));
    if (values.has("--json")) return context.printJson(secret);
    const text = values.has("--username") ? secret.username : secret.value ?? secret.password;
    if (text === undefined) throw new Error(`'${secret.name}' is ${secret.format}: it has no username`);
    context.io.stdout(Deno.stdout.isTerminal() ? `${text}\n` : text);
  },
};
