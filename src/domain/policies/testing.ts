/** Policies as a test writes them; part of no program. @module */
import type { PolicyFile } from "#ports/policy_source.ts";
import { PolicySet } from "./policy_set.ts";

/** `allow read,list secret:a:*`: effect, actions and resources. */
export type PermissionText = string;

/** A file with one policy for each role, its permissions on lines 1, 2, 3… of their own. */
export function policyFile(roles: Readonly<Record<string, readonly PermissionText[]>>): PolicyFile {
  const names = Object.keys(roles);
  const lined = (line: number) => (text: string) => ({ text, line });
  return {
    policies: names.map((name) => ({
      name: { text: `of-${name}`, line: 1 },
      description: "",
      permissions: roles[name].map((permission, i) => {
        const [effect, actions, ...resources] = permission.split(" ");
        const at = lined(i + 1);
        return {
          line: i + 1,
          effect: at(effect),
          actions: actions.split(",").map(at),
          resources: resources.map(at),
        };
      }),
    })),
    roles: names.map((name) => ({ role: { text: name, line: 1 }, policies: [{ text: `of-${name}`, line: 1 }] })),
  };
}

/** The policies of one role, called `r`. */
export function policiesOf(...permissions: readonly PermissionText[]): PolicySet {
  return PolicySet.compile(policyFile({ r: permissions }), ["r"]);
}
