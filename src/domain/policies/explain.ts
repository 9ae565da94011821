import type { Action } from "./actions.ts";
import type { Decision } from "./policy_set.ts";
import { type Resource, resourceText } from "./resource.ts";

/** One line for a person: whether, and which rule says so. */
export function explainDecision(
  { allowed, rule }: Decision,
  { role, action, resource }: { role: string; action: Action; resource: Resource },
): string {
  const what = `${action} on ${resourceText(resource)} is ${allowed ? "allowed" : "denied"} to role '${role}'`;
  if (!rule) return `${what}: no permission of its policies covers it`;
  return `${what}: ${rule.effect} by permission ${rule.permission} of policy '${rule.policy}' (line ${rule.line})`;
}
