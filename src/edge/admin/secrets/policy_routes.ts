import { AddressSet, canonicalAddress } from "#domain/network/mod.ts";
import { type Action, ACTIONS, explainDecision, isAction, type Resource } from "#domain/policies/mod.ts";
import { parseAddress, resourceOf } from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Reply } from "../reply.ts";
import type { Route } from "../router.ts";
import { type AdminCall, audited } from "./admin_call.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";

/** Actions that need an address of `secrets.allowed_ips` too. */
const READS: readonly Action[] = ["read", "verify"];

/** `/policies`. */
export function policyRoutes(admin: SecretsAdmin): Route[] {
  const { policies } = admin;
  return [
    {
      method: "GET",
      path: ["policies"],
      handle: audited(admin, "admin_policy_list", (call) => {
        const all = policies.list();
        call.subject = { resultCount: all.length };
        return { status: 200, body: { policies: all } };
      }),
    },
    {
      method: "POST",
      path: ["policies", "reload"],
      handle: audited(admin, "admin_policy_reload", async (call) => {
        await call.change({});
        return { status: 200, body: { ...await policies.reload() } };
      }),
    },
    {
      method: "POST",
      path: ["policies", "check"],
      handle: audited(admin, "admin_policy_check", (call) => check(admin, call)),
    },
  ];
}

async function check({ policies, tokens, allowedIps }: SecretsAdmin, call: AdminCall): Promise<Reply> {
  const fields = await call.fields();
  const user = fields.text("user"), action = fields.text("action"), name = fields.text("name");
  const from = fields.optionalText("address");
  fields.check();
  const role = tokens.listTokens().find((token) => token.user === user)?.role;
  if (role === undefined) throw new VaultError("NOT_FOUND", `No token found for user '${user}'`);
  if (!isAction(action)) throw new VaultError("INVALID_ARGUMENT", `action must be one of ${ACTIONS.join(", ")}`);
  const resource: Resource = parseAddress(name);
  call.subject = { resource: resourceOf(parseAddress(name)) };
  const decision = policies.decide(role, action, resource);
  const address = READS.includes(action) ? addressRule(allowedIps, from) : undefined;
  return {
    status: 200,
    body: {
      user,
      role,
      action,
      resource: call.subject.resource,
      allowed: decision.allowed && address?.allowed !== false,
      rule: decision.rule ?? null,
      explanation: explainDecision(decision, { role, action, resource }),
      address: address?.text ?? null,
    },
  };
}

/** What `secrets.allowed_ips` says to a read, of one client where an address is given. */
function addressRule(allowedIps: readonly string[], from: string | undefined): { allowed?: boolean; text: string } {
  if (allowedIps.length === 0) return { allowed: false, text: "secrets.allowed_ips is empty: nobody can read" };
  const list = `secrets.allowed_ips (${allowedIps.join(", ")})`;
  if (from === undefined) return { text: `the client's address must be in ${list}` };
  const address = canonicalAddress(from);
  if (address === undefined) throw new VaultError("INVALID_ARGUMENT", "address is no IP address");
  const allowed = new AddressSet(allowedIps).has(address);
  return { allowed, text: `${address} is ${allowed ? "" : "not "}in ${list}` };
}
