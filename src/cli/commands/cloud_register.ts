import { type Command, JSON_OPTION } from "../command.ts";

export const cloudRegister: Command = {
  name: "register",
  help: "Register key and index with enVector Cloud now",
  usage: "runevault cloud register [-h]",
  options: [JSON_OPTION],
  examples: ["runevault cloud register    (waits for the result; exit status 1: not registered)"],
  async run(context) {
    const cloud = await (await context.admin()).registerCloud();
    if (context.values.has("--json")) return context.printJson(cloud);
    const index = cloud.index === "" ? "no index configured" : `index ${cloud.index}`;
    context.printLine(`Registered with ${cloud.endpoint}: key ${cloud.key_id}, ${index}.`);
  },
};
