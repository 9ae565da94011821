import type { PutSecretJson } from "#edge/admin/secrets_client.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import type { Context } from "../context.ts";
import { parseSeconds } from "../durations.ts";
import { EXPECTED_OPTION } from "../secret_text.ts";
import { FILE_OPTION, readValue, TRIM_OPTION } from "../value_input.ts";

const GENERATE = "--generate", KEEP = "--keep-value";

export const secretPut: Command = {
  name: "put",
  help: "Store a secret, or a new version of it; the value comes from stdin or a file",
  usage: [
    "runevault secret put [-h] [--file FILE | --generate | --keep-value]",
    "                            [--trim-newline] [--username USERNAME]",
    "                            [--kind {manual,automatic}] [--interval INTERVAL]",
    "                            [--grace GRACE] [--description TEXT]",
    "                            [--expected-version N] [--json] NAME",
  ].join("\n"),
  options: [
    FILE_OPTION,
    { flag: GENERATE, help: "Let the vault make the value: 43 random characters", notWith: FILE_OPTION.flag },
    { flag: KEEP, help: "Change the settings alone", notWith: GENERATE },
    TRIM_OPTION,
    { flag: "--username", metavar: "USERNAME", help: "Makes it a pair; the value is its password" },
    {
      flag: "--kind",
      metavar: "KIND",
      help: "Of a new secret; automatic ones are rotated by the vault",
      choices: ["manual", "automatic"],
    },
    { flag: "--interval", metavar: "INTERVAL", help: "Between rotations of an automatic secret (e.g. 30d, 12h)" },
    { flag: "--grace", metavar: "GRACE", help: "How long the old value stays valid after a change (e.g. 1h)" },
    { flag: "--description", metavar: "TEXT", help: "What it is for" },
    { ...EXPECTED_OPTION, help: "Refuse unless this is the current version; 0: unless there is none" },
    JSON_OPTION,
  ],
  words: "NAME",
  wordCount: 1,
  examples: [
    'printf %s "$KEY" | runevault secret put payments/stripe/key',
    "runevault secret put payments/db --username app --file password.txt --trim-newline",
    "runevault secret put ci/signing --generate --kind automatic --interval 30d --grace 1h",
    "(a name without / is in the project 'default'; bytes are kept as they are, newlines too)",
  ],
  async run(context) {
    const { values } = context;
    const secret = await (await context.secrets()).put(await requestOf(context));
    if (values.has("--json")) return context.printJson(secret);
    context.printLine(`${secret.created ? "Created" : "Updated"} '${secret.name}': version ${secret.version}`);
  },
};

async function requestOf(context: Context): Promise<PutSecretJson> {
  const { values } = context;
  const seconds = (flag: string) => {
    const text = values.text(flag);
    return text === undefined ? undefined : parseSeconds(flag, text);
  };
  const settings = {
    name: values.words[0],
    username: values.text("--username"),
    kind: values.text("--kind"),
    description: values.text("--description"),
    rotation_interval_secs: seconds("--interval"),
    grace_period_secs: seconds("--grace"),
    expected_version: values.integer(EXPECTED_OPTION.flag),
  };
  if (values.has(KEEP)) return settings;
  return values.has(GENERATE) ? { ...settings, generate: 1 } : { ...settings, value: await readValue(context) };
}
