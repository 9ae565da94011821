import { join, resolve } from "node:path";
import type { SecretFolder } from "#daemon/mod.ts";
import type { AdminClient, IssuedToken } from "#edge/admin/admin_client.ts";
import { messageOf } from "#errors/mod.ts";
import type { Context } from "./context.ts";
import { parseExpiryDays } from "./durations.ts";
import { checkOrders, ISSUE_COLUMNS, type IssueOrder, issueOrders } from "./issue_list.ts";
import { printable } from "./printable.ts";

/** A token that lies in its file. */
type Handed = Omit<IssuedToken, "token"> & { readonly file: string };

/**
 * `token issue --for-each`: the whole list is checked before the first token is issued, and each token goes into a file
 * of its own, never onto the terminal. Stops at the first failure, after telling who has a token by then.
 *
 * @returns the exit status.
 */
export async function issueForEach(context: Context): Promise<number> {
  const { values } = context;
  const list = resolve(values.required("--for-each")), out = resolve(values.required("--out-dir"));
  const { readRows, SecretFolder } = await import("#daemon/mod.ts").then((daemon) => daemon.issuing());
  const admin = await context.admin();
  const defaults = { role: values.text("--role"), expires: values.text("--expires") };
  if (defaults.expires !== undefined) parseExpiryDays(defaults.expires); // before any line is blamed for it
  const rows = await readRows(list, ISSUE_COLUMNS);
  const orders = await named(list, async () => {
    const orders = issueOrders(rows, defaults);
    await checkOrders(orders, admin);
    return orders;
  });
  const folder = await SecretFolder.open(out);
  await folder.checkFree(orders.map(({ fileName }) => fileName));
  return await issueAll(context, orders, { admin, folder, list });
}

interface Tools {
  readonly admin: AdminClient;
  readonly folder: SecretFolder;
  readonly list: string;
}

async function issueAll(
  context: Context,
  orders: readonly IssueOrder[],
  { admin, folder, list }: Tools,
): Promise<number> {
  const isJson = context.values.has("--json"), issued: Handed[] = [];
  let failure: string | undefined;
  for (const order of orders) {
    try {
      const handed = await issueOne(order, admin, folder);
      issued.push(handed);
      if (!isJson) context.printLine(lineOf(handed));
    } catch (reason) {
      const rest = orders.length - issued.length;
      failure = `${list}: line ${order.line}: ${messageOf(reason)}; ${issued.length} issued, ${rest} not`;
      break;
    }
  }
  if (isJson) context.printJson({ issued, not_issued: orders.slice(issued.length).map(({ user }) => user) });
  if (failure === undefined) return 0;
  context.io.stderr(`Error: ${failure}: mend the cause and try again with the lines from there on\n`);
  return 1;
}

/** A token that cannot be handed over is taken back: nobody would know it. */
async function issueOne(order: IssueOrder, admin: AdminClient, folder: SecretFolder): Promise<Handed> {
  await using file = await folder.reserve(order.fileName);
  const { token, ...kept } = await admin.issueToken(order.user, order.role, order.expiresDays);
  try {
    await file.write(`${token}\n`);
  } catch (reason) {
    await admin.revokeToken(order.user);
    throw new Error(`the token could not be written and was revoked: ${messageOf(reason)}`, { cause: reason });
  }
  return { ...kept, file: join(folder.path, order.fileName) };
}

function lineOf({ user, role, expires, file }: Handed): string {
  return `Token issued for '${printable(user)}' (${printable(role)}, expires ${expires}): ${file}`;
}

/** Mistakes are in the list. */
async function named<T>(list: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (reason) {
    throw new Error(`${list}: ${messageOf(reason)}; nothing was issued`);
  }
}
