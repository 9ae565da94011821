import { type Command, JSON_OPTION } from "../command.ts";
import { FILE_OPTION, readValue, TRIM_OPTION } from "../value_input.ts";

export const secretVerify: Command = {
  name: "verify",
  help: "Tell whether a value, from stdin or a file, is a secret's; exit 1 when not, 2 after an error",
  isQuestion: true,
  usage: "runevault secret verify [-h] [--file FILE] [--trim-newline] [--json] NAME",
  options: [FILE_OPTION, TRIM_OPTION, JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ['printf %s "$KEY" | runevault secret verify payments/stripe/key'],
  async run(context) {
    const { values } = context;
    const verdict = await (await context.secrets()).verify(values.words[0], await readValue(context));
    if (values.has("--json")) context.printJson(verdict);
    else context.printLine(verdict.valid ? `valid: version ${verdict.version}` : "not valid");
    return verdict.valid ? 0 : 1;
  },
};
