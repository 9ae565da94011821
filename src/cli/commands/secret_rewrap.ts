import type { RewrapStatusJson } from "#edge/admin/secrets_client.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import type { Context } from "../context.ts";
import { printFacts } from "../secret_text.ts";

/** A pass may take hours and each question is a line of the audit log, so they become rarer. */
const POLL_MS = 500, MAX_POLL_MS = 10_000;

export const secretRewrap: Command = {
  name: "rewrap",
  help: "Wrap all data keys with the current key-encryption key",
  usage: "runevault secret rewrap [-h] [--status] [--json]",
  options: [{ flag: "--status", help: "Only tell how many are left" }, JSON_OPTION],
  examples: [
    "(a new local key: secrets.kms.key_id and master_key_file name it, previous_keys the old; then restart)",
    "runevault secret rewrap",
    "runevault secret rewrap --status",
  ],
  async run(context) {
    const { values } = context, client = await context.secrets();
    if (values.has("--status")) return report(context, await client.rewrapStatus());
    let status = await client.rewrap();
    for (let pause = POLL_MS; status.busy; pause = Math.min(pause * 1.5, MAX_POLL_MS)) {
      progress(context, status);
      await new Promise((resolve) => setTimeout(resolve, pause));
      status = await client.rewrapStatus();
    }
    if (Deno.stderr.isTerminal()) context.io.stderr("\r\x1b[K");
    if (status.last_error !== null) throw new Error(`re-wrapping stopped: ${status.last_error}`);
    report(context, status);
    return status.last && status.last.failed > 0 ? 1 : 0;
  },
};

function progress({ io }: Context, { total_versions, pending_versions }: RewrapStatusJson): void {
  if (!Deno.stderr.isTerminal()) return;
  io.stderr(
    `\r\x1b[K${total_versions - pending_versions} of ${total_versions} versions are wrapped with the current key`,
  );
}

function report(context: Context, status: RewrapStatusJson): void {
  if (context.values.has("--json")) return context.printJson(status);
  const { busy, enabled, key_id, total_versions, pending_versions, last } = status;
  printFacts(context, [
    ["Key", key_id],
    ["Versions", total_versions],
    ["Not yet", pending_versions],
    ["Last completed", status.last_completed_rotation_at],
    ["Now", busy ? "running" : "idle"],
    ["By itself", enabled ? "after each rotation of the key" : "no (secrets.rewrap.enable)"],
    ...last ? [["Last pass", `${last.rewrapped} re-wrapped, ${last.failed} failed, of ${last.scanned}`] as const] : [],
  ]);
}
