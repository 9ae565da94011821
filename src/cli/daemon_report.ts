import { AdminClient, type CloudJson } from "#edge/admin/admin_client.ts";
import { cloudText } from "./cloud_text.ts";
import { expiringSoon } from "./expiry.ts";

/** What the daemon itself tells: the permissions that it has now, by kind, and how it stands with the cloud. */
export interface DaemonReport {
  readonly cloud: CloudJson;
  readonly permissions: Readonly<Record<string, readonly string[]>>;
}

/** A token that ends within the next days. */
export interface ExpiringToken {
  readonly user: string;
  /** `YYYY-MM-DD`. */
  readonly expires: string;
  readonly days_left: number;
}

/** Undefined when the daemon does not tell. */
export async function expiringTokens(socket: string, now: number): Promise<ExpiringToken[] | undefined> {
  try {
    const tokens = await new AdminClient(socket).listTokens();
    return expiringSoon(tokens, now).map(({ user, expires, days_left }) => ({ user, expires, days_left }));
  } catch {
    return undefined;
  }
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
