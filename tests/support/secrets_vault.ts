import { Buffer } from "node:buffer";
import { join } from "node:path";
import { TestVault, type TestVaultOptions } from "./test_vault.ts";

/** A role's permissions, for policies.yml. */
export interface Permission {
  readonly effect: "allow" | "deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export interface SecretsVaultOptions extends TestVaultOptions {
  /** By role; a role that the vault does not have is created. Default: admin may do everything. */
  readonly policies?: Readonly<Record<string, readonly Permission[]>>;
  /** Keys of the section `secrets` beside those that every test has, as YAML flow, e.g. `keep_versions: 3`. */
  readonly secrets?: string;
  readonly allowedIps?: readonly string[];
}

export const EVERYTHING: Permission = { effect: "allow", actions: ["*"], resources: ["secret:*:*"] };
/** Base64 of 32 bytes; no vault but a test's has it. */
export const MASTER_KEY = Buffer.alloc(32, "canary-master-key").toString("base64");

/** A vault with the secrets engine on, and its policies. */
export async function startSecretsVault(options: SecretsVaultOptions = {}): Promise<TestVault> {
  const vault = await createSecretsVault(options);
  try {
    await vault.start();
  } catch (reason) {
    await vault[Symbol.asyncDispose]();
    throw reason;
  }
  return vault;
}

/** The same, not yet running. */
export async function createSecretsVault(options: SecretsVaultOptions = {}): Promise<TestVault> {
  const { policies = { admin: [EVERYTHING] }, secrets = "lockout: {max_failures: 0}", sections } = options;
  const { allowedIps = ["127.0.0.0/8", "::1"] } = options;
  const section = `secrets: {kms: {mode: local, master_key_file: configs/master_key}, ` +
    `allowed_ips: ${JSON.stringify(allowedIps)}, ${secrets}}`;
  const vault = await TestVault.create({ ...options, sections: { secrets: section, ...sections } });
  await Deno.writeTextFile(join(vault.dir, "configs/master_key"), `${MASTER_KEY}\n`, { mode: 0o600 });
  await Deno.writeTextFile(join(vault.dir, "configs/roles.yml"), rolesYaml(Object.keys(policies)));
  await writePolicies(vault, policies);
  return vault;
}

/** In place of the policies there are; they hold after a reload. */
export async function writePolicies(
  vault: TestVault,
  policies: Readonly<Record<string, readonly Permission[]>>,
): Promise<void> {
  const names = Object.keys(policies);
  const yaml = {
    policies: names.map((name) => ({ name: `of-${name}`, description: "", permissions: policies[name] })),
    roles: Object.fromEntries(names.map((name) => [name, [`of-${name}`]])),
  };
  await Deno.writeTextFile(join(vault.dir, "configs/policies.yml"), JSON.stringify(yaml)); // JSON is YAML
}

function rolesYaml(names: readonly string[]): string {
  const roles = [...new Set(["admin", "member", ...names])].map((name) =>
    `  ${
      JSON.stringify(name)
    }:\n    scope: [get_public_key, decrypt_scores]\n    top_k: 10\n    rate_limit: 1000000/60s\n`
  );
  return `roles:\n${roles.join("")}`;
}
