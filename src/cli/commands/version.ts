import { buildInfo } from "../build_info.ts";
import { type Command, JSON_OPTION } from "../command.ts";

/** As release files are named. */
const ARCHITECTURES = { x86_64: "amd64", aarch64: "arm64" } as const;

export const version: Command = {
  name: "version",
  help: "Print version, build and runtime",
  usage: "runevault version [-h]",
  options: [JSON_OPTION],
  run(context) {
    const { version, commit, date } = buildInfo();
    const { os } = Deno.build;
    const arch = ARCHITECTURES[Deno.build.arch];
    const runtime = `deno ${Deno.version.deno}`;
    if (context.values.has("--json")) context.printJson({ version, commit, built: date, os, arch, runtime });
    else context.printLine(`runevault ${version} (commit ${commit}, built ${date}, ${os}/${arch}, ${runtime})`);
    return Promise.resolve();
  },
};
