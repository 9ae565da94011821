import { cloudFailed, cloudText } from "../cloud_text.ts";
import { type Command, JSON_OPTION } from "../command.ts";

export const cloudStatus: Command = {
  name: "status",
  help: "Show whether the vault is registered with enVector Cloud",
  usage: "runevault cloud status [-h]",
  options: [JSON_OPTION],
  examples: ["runevault cloud status || echo failed    (exit status 2: the last try failed)"],
  async run(context) {
    const cloud = await (await context.admin()).cloud();
    if (context.values.has("--json")) context.printJson(cloud);
    else {
      context.printLine(`State:    ${cloudText(cloud)}`);
      if (cloud.endpoint !== "") context.printLine(`Endpoint: ${cloud.endpoint}`);
      context.printLine(`Key:      ${cloud.key_id}`);
      context.printLine(`Index:    ${cloud.index || "none configured"}`);
    }
    return cloudFailed(cloud) ? 2 : 0;
  },
};
