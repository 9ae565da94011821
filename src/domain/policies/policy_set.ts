import { VaultError } from "#errors/mod.ts";
import type { Lined, PermissionEntry, PolicyEntry, PolicyFile } from "#ports/policy_source.ts";
import { type Action, ACTION_WORDS, ACTIONS, actionsOf } from "./actions.ts";
import { PatternError } from "./glob.ts";
import type { Resource } from "./resource.ts";
import { ResourcePattern } from "./resource_pattern.ts";

export type Effect = "allow" | "deny";

/** The permission of a policy that decided. */
export interface Rule {
  readonly policy: string;
  /** Of the permission within its policy, from 1. */
  readonly permission: number;
  readonly effect: Effect;
  /** Where the permission stands in the file. */
  readonly line: number;
}

export interface Decision {
  readonly allowed: boolean;
  /** Absent when nothing matched, which is a refusal. */
  readonly rule?: Rule;
}

/** A policy as lists show it. */
export interface PolicySummary {
  readonly name: string;
  readonly description: string;
  readonly permissions: number;
  /** Roles that have it. */
  readonly roles: readonly string[];
}

interface CompiledRule {
  readonly rule: Rule;
  readonly actions: ReadonlySet<Action>;
  readonly patterns: readonly ResourcePattern[];
}

/** One policy's rules by action, in the file's order; roles share it, so that memory grows with the file alone. */
type CompiledPolicy = ReadonlyMap<Action, Readonly<Record<Effect, readonly CompiledRule[]>>>;

const NOTHING: Decision = Object.freeze({ allowed: false });

/** All policies of a file, immutable: a reload makes a new set. Deny wins over allow, and nothing matching is denied. */
export class PolicySet {
  /** Without policies: everything is denied. */
  static readonly EMPTY = new PolicySet(new Map(), []);
  readonly #roles: ReadonlyMap<string, readonly CompiledPolicy[]>;

  private constructor(
    roles: ReadonlyMap<string, readonly CompiledPolicy[]>,
    readonly policies: readonly PolicySummary[],
  ) {
    this.#roles = roles;
  }

  /**
   * @param file As it was read.
   * @param knownRoles The names of all roles.
   * @throws {VaultError} INVALID_ARGUMENT `line <n>: <reason>` for an unknown action, effect, policy or role, a name that
   * is there twice, or a pattern that could match nothing.
   */
  static compile(file: PolicyFile, knownRoles: readonly string[]): PolicySet {
    const policies = compilePolicies(file.policies);
    const roles = new Map<string, readonly CompiledPolicy[]>(),
      holders = new Map(Array.from(policies.keys(), (name) => [name, [] as string[]]));
    const known = new Set(knownRoles);
    for (const { role, policies: names } of file.roles) {
      if (!known.has(role.text)) throw fault(role.line, `unknown role ${quote(role.text)}`);
      if (roles.has(role.text)) throw fault(role.line, `role ${quote(role.text)} is there twice`);
      const granted = names.map((name) => {
        const found = policies.get(name.text);
        if (!found) throw fault(name.line, `unknown policy ${quote(name.text)}`);
        return found;
      });
      roles.set(role.text, [...new Set(granted)]);
      for (const name of new Set(names.map(({ text }) => text))) holders.get(name)!.push(role.text);
    }
    return new PolicySet(
      roles,
      file.policies.map(({ name, description, permissions }) => ({
        name: name.text,
        description,
        permissions: permissions.length,
        roles: holders.get(name.text)!,
      })),
    );
  }

  get roleCount(): number {
    return this.#roles.size;
  }

  /** Whether holders of the role may do that, and by which rule: the first deny that matches, else the first allow. */
  decide(role: string, action: Action, resource: Resource): Decision {
    const matches = ({ patterns }: CompiledRule) => patterns.some((pattern) => pattern.matches(resource));
    for (const effect of ["deny", "allow"] as const) {
      for (const policy of this.#roles.get(role) ?? []) {
        const decisive = policy.get(action)![effect].find(matches);
        if (decisive) return { allowed: effect === "allow", rule: decisive.rule };
      }
    }
    return NOTHING;
  }

  /**
   * Whether the role may do that to anything at all, in that project if one is given: the one question that names no
   * secret. Of denies, those that cover all of it count.
   */
  mayAny(role: string, action: Action, project?: string): boolean {
    const rules = (this.#roles.get(role) ?? []).map((policy) => policy.get(action)!);
    const has = (effect: Effect, test: (pattern: ResourcePattern) => boolean) =>
      rules.some((rule) => rule[effect].some(({ patterns }) => patterns.some(test)));
    const whole: Resource = { project: project ?? "", path: "" }; // an empty name is taken by what takes every name alone
    return has("allow", (pattern) => pattern.mayMatchIn(project)) && !has("deny", (pattern) => pattern.matches(whole));
  }

  /** What a listing may show to holders of the role: what they may `list`, one by one. */
  visible(role: string): (resource: Resource) => boolean {
    return (resource) => this.decide(role, "list", resource).allowed;
  }
}

function compilePolicies(entries: readonly PolicyEntry[]): ReadonlyMap<string, CompiledPolicy> {
  const policies = new Map<string, CompiledPolicy>();
  for (const { name, permissions } of entries) {
    if (policies.has(name.text)) throw fault(name.line, `policy ${quote(name.text)} is there twice`);
    policies.set(name.text, byAction(permissions.map((permission, i) => compileRule(permission, name.text, i + 1))));
  }
  return policies;
}

function compileRule({ line, effect, actions, resources }: PermissionEntry, policy: string, permission: number) {
  if (effect.text !== "allow" && effect.text !== "deny") {
    throw fault(effect.line, "unknown effect (allowed: allow, deny)");
  }
  const expanded = actions.flatMap((word) => {
    const found = actionsOf(word.text);
    if (!found) throw fault(word.line, `unknown action (allowed: ${ACTION_WORDS})`);
    return found;
  });
  const rule: Rule = Object.freeze({ policy, permission, effect: effect.text, line });
  return { rule, actions: new Set(expanded), patterns: resources.map(compilePattern) };
}

function compilePattern({ text, line }: Lined): ResourcePattern {
  try {
    return new ResourcePattern(text);
  } catch (reason) {
    if (reason instanceof PatternError) throw fault(line, `the resource pattern ${reason.message}`);
    throw reason;
  }
}

function byAction(rules: readonly CompiledRule[]): CompiledPolicy {
  return new Map(ACTIONS.map((action) => {
    const concerned = rules.filter(({ actions }) => actions.has(action));
    const of = (effect: Effect) => concerned.filter(({ rule }) => rule.effect === effect);
    return [action, { deny: of("deny"), allow: of("allow") }];
  }));
}

function fault(line: number, reason: string): VaultError {
  return new VaultError("INVALID_ARGUMENT", `line ${line}: ${reason}`);
}

/** Names of policies and roles are people's own; they are shortened, and their control characters are escaped. */
function quote(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
