import { type Command, JSON_OPTION } from "../command.ts";
import { EXPECTED_OPTION } from "../secret_text.ts";

export const secretRotate: Command = {
  name: "rotate",
  help: "Give an automatic secret another generated value",
  usage: "runevault secret rotate [-h] [--expected-version N] [--json] NAME",
  options: [EXPECTED_OPTION, JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault secret rotate ci/signing && runevault secret get ci/signing"],
  async run(context) {
    const { values } = context;
    const secret = await (await context.secrets()).rotate(values.words[0], values.integer(EXPECTED_OPTION.flag));
    if (values.has("--json")) return context.printJson(secret);
    context.printLine(`Rotated '${secret.name}': version ${secret.version}`);
  },
};
