import { AdminClient } from "#edge/admin/admin_client.ts";
import { expiringSoon } from "./expiry.ts";

/** What the daemon itself tells: the permissions that it has now, by kind. */
export interface DaemonReport {
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
    const { permissions } = await new AdminClient(socket).status();
    return { permissions };
  } catch {
    return undefined;
  }
}

/** Kinds without anything in one line, then a line for each thing that is still allowed. */
export function permissionLines({ permissions }: DaemonReport): string[] {
  const kinds = Object.entries(permissions);
  const none = kinds.filter(([, values]) => values.length === 0).map(([kind]) => kind);
  const some = kinds.flatMap(([kind, values]) => values.map((value) => `  ${`${kind}:`.padEnd(12)}${value}`));
  return [`Permissions:  ${none.length > 0 ? `none for ${none.join(", ")}` : "of every kind"}`, ...some];
}
