import type { AuditQuery } from "#daemon/audit_history.ts";
import { auditText } from "../audit_text.ts";
import { type Command, JSON_OPTION, type Option } from "../command.ts";
import type { Context } from "../context.ts";
import { parseSince } from "../durations.ts";
import type { Values } from "../values.ts";

const AUDIT: Option = { flag: "--audit", help: "Show the audit log instead of the service's" };
const needs = AUDIT.flag;

export const logs: Command = {
  name: "logs",
  help: "Show the service log (systemd) or the audit log",
  usage: [
    "runevault logs [-h] [-f] [--audit] [--user USER] [--method METHOD]",
    "                      [--resource RESOURCE]",
    "                      [--status {success,denied,error,started}]",
    "                      [--since SINCE] [--json]",
  ].join("\n"),
  options: [
    { flag: "--follow", short: "-f", help: "Go on with new entries" },
    AUDIT,
    { flag: "--user", metavar: "USER", help: "Entries of this user alone", needs },
    { flag: "--method", metavar: "METHOD", help: "Entries of this method alone, e.g. decrypt_scores", needs },
    {
      flag: "--resource",
      metavar: "RESOURCE",
      help: "Entries about this secret alone, e.g. secret:app:db/password or secret:app:*",
      needs,
    },
    {
      flag: "--status",
      metavar: "STATUS",
      help: "Entries with this outcome alone",
      choices: ["success", "denied", "error", "started"],
      needs,
    },
    { flag: "--since", metavar: "SINCE", help: "Entries from then on (e.g. 2026-11-22, 90m, 12h, 7d)", needs },
    { ...JSON_OPTION, help: "Print the lines as they stand in the file", needs },
  ],
  examples: [
    "runevault logs -f",
    "runevault logs --audit --status denied --since 7d",
    "runevault logs --audit --resource 'secret:app:*'",
  ],
  async run(context) {
    const follow = context.values.has("--follow");
    if (context.values.has(AUDIT.flag)) return await showAuditLog(context, follow);
    const { showServiceLog } = await import("#daemon/mod.ts");
    return await showServiceLog({ follow });
  },
};

async function showAuditLog(context: Context, follow: boolean): Promise<void> {
  const query = queryOf(context.values), json = context.values.has("--json");
  const { auditHistory } = await import("#daemon/audit_history.ts");
  let damaged = 0;
  try {
    for await (const entry of auditHistory(await context.config(), query, { follow })) {
      if (entry.record) context.printLine(json ? entry.line : auditText(entry.record));
      else damaged += 1;
    }
  } catch (reason) {
    if (reason instanceof Deno.errors.BrokenPipe) return; // `runevault logs --audit | head` has seen enough
    throw reason;
  }
  if (damaged > 0) context.io.stderr(`Warning: left out ${damaged} line(s) that are no audit entries\n`);
}

function queryOf(values: Values): AuditQuery {
  const since = values.text("--since");
  return {
    user: values.text("--user"),
    method: values.text("--method"),
    status: values.text("--status"),
    resource: values.text("--resource"),
    since: since === undefined ? undefined : parseSince(since, Date.now()),
  };
}
