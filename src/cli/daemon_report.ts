import { cloudText } from "./cloud_text.ts";
import { AdminClient, type CloudJson } from "#edge/admin/admin_client.ts";

/** What the daemon itself tells: the permissions that it has now, by kind, and how it stands with the cloud. */
export interface DaemonReport {
  readonly cloud: CloudJson;
  readonly permissions: Readonly<Record<string, readonly string[]>>;
}

/** Undefined when there is nobody to tell. */
export async function daemonReport(socket: string): Promise<DaemonReport | undefined> {
  try {
    const { cloud, permissions } = await new AdminClient(socket).status();
    return { cloud, permissions };
  } catch {
    return undefined;
  }
}

/** The report for people. */
export function reportLines(report: DaemonReport): string[] {
  return [`Cloud:        ${cloudText(report.cloud)}`, ...permissionLines(report)];
}

/** Kinds without anything in one line, then a line for each thing that is still allowed. */
function permissionLines({ permissions }: DaemonReport): string[] {
  const kinds = Object.entries(permissions);
  const none = kinds.filter(([, values]) => values.length === 0).map(([kind]) => kind);
  const some = kinds.flatMap(([kind, values]) => values.map((value) => `  ${`${kind}:`.padEnd(12)}${value}`));
  return [`Permissions:  ${none.length > 0 ? `none for ${none.join(", ")}` : "of every kind"}`, ...some];
}
