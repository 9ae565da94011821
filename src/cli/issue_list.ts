import type { Row } from "#daemon/mod.ts";
import type { AdminClient } from "#edge/admin/admin_client.ts";
import { messageOf } from "#errors/mod.ts";
import { parseExpiryDays } from "./durations.ts";

/** The columns of a list of tokens to issue. */
export const ISSUE_COLUMNS: readonly string[] = ["user", "role", "expires"];

/** One token to issue. */
export interface IssueOrder {
  /** Of the list. */
  readonly line: number;
  readonly user: string;
  readonly role: string;
  /** Absent: never expires. */
  readonly expiresDays?: number;
  /** Name of the file that the token goes into. */
  readonly fileName: string;
}

/** What the command line gives for rows that do not say it. */
export interface IssueDefaults {
  readonly role?: string;
  readonly expires?: string;
}

const MAX_USER_LENGTH = 1024;
/** Leaves room for a temporary name beside it. */
const MAX_FILE_NAME = 200;

/**
 * The whole list, checked as far as it can be without the daemon.
 *
 * @throws {Error} naming the line of the first mistake; quotes nothing.
 */
export function issueOrders(rows: readonly Row[], defaults: IssueDefaults): IssueOrder[] {
  const lines = new Map<string, number>();
  return rows.map((row) => {
    const order = atLine(row.line, () => orderOf(row, defaults));
    const earlier = lines.get(order.user);
    if (earlier !== undefined) throw new Error(`line ${row.line}: the same user as in line ${earlier}`);
    lines.set(order.user, row.line);
    return order;
  });
}

/** @throws {Error} naming the line of the first order that the daemon would refuse, before any is sent. */
export async function checkOrders(orders: readonly IssueOrder[], admin: AdminClient): Promise<void> {
  const roles = new Set((await admin.listRoles()).map(({ name }) => name));
  const users = new Set((await admin.listTokens()).map(({ user }) => user));
  for (const { line, user, role } of orders) {
    if (!roles.has(role)) throw new Error(`line ${line}: there is no such role`);
    if (users.has(user)) throw new Error(`line ${line}: this user has a token already (see 'token rotate')`);
  }
}

/**
 * A name that no directory can take amiss: percent-encoded but for letters, digits, `.`, `_`, `-`, `@` and `+`. Two users
 * never get the same one.
 */
export function tokenFileName(user: string): string {
  const encoded = encodeURIComponent(user).replace(/[!'()*]/g, percent).replace(/^[.-]/, percent);
  return `${encoded.replaceAll("%40", "@").replaceAll("%2B", "+")}.token`;
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

function orderOf({ line, values }: Row, defaults: IssueDefaults): IssueOrder {
  const user = values.get("user"), role = values.get("role") ?? defaults.role;
  if (user === undefined) throw new Error("user is missing");
  if (!user.isWellFormed() || user.length > MAX_USER_LENGTH) throw new Error("user is too long, or no text");
  if (role === undefined) throw new Error("role is missing, and there is no --role");
  const fileName = tokenFileName(user);
  if (fileName.length > MAX_FILE_NAME) throw new Error("user is too long for the name of a file");
  return { line, user, role, ...expiryOf(values.get("expires"), defaults), fileName };
}

function expiryOf(text: string | undefined, { expires }: IssueDefaults): { expiresDays?: number } {
  if (text === undefined) return expires === undefined ? {} : { expiresDays: parseExpiryDays(expires) };
  if (text === "never") return {};
  try {
    return { expiresDays: parseExpiryDays(text) };
  } catch {
    throw new Error("expires is not never or <number><d|w|m> (e.g. 90d, 12w, 6m)");
  }
}

function atLine<T>(line: number, read: () => T): T {
  try {
    return read();
  } catch (reason) {
    throw new Error(`line ${line}: ${messageOf(reason)}`);
  }
}
