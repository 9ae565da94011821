import { messageOf, VaultError } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import type { PolicySource } from "#ports/policy_source.ts";
import type { Action } from "./actions.ts";
import { type Decision, PolicySet, type PolicySummary } from "./policy_set.ts";
import type { Resource } from "./resource.ts";

export interface PolicyPorts {
  readonly source: PolicySource;
  /** The names of all roles, as they are now. */
  readonly roles: () => readonly string[];
  readonly log: Log;
}

export interface PolicyCounts {
  readonly policies: number;
  /** Roles that have any. */
  readonly roles: number;
}

/** The policies in force. A reload is all or nothing, and what it brings holds for the very next decision. */
export class PolicyService {
  readonly #ports: PolicyPorts;
  #current = PolicySet.EMPTY;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(ports: PolicyPorts) {
    this.#ports = ports;
  }

  /** @throws {VaultError} FAILED_PRECONDITION when the file is there but not good; a missing one denies everything. */
  static async open(ports: PolicyPorts): Promise<PolicyService> {
    const service = new PolicyService(ports);
    await service.reload();
    return service;
  }

  /**
   * Reads the file again.
   *
   * @throws {VaultError} FAILED_PRECONDITION with file, line and reason; the policies in force stay.
   */
  reload(): Promise<PolicyCounts> {
    // One after another: the file as it was read last wins.
    const reloaded = this.#reloading.then(() => this.#load());
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  decide(role: string, action: Action, resource: Resource): Decision {
    return this.#current.decide(role, action, resource);
  }

  /** Whether the role may do that to anything, in that project if one is given. */
  mayAny(role: string, action: Action, project?: string): boolean {
    return this.#current.mayAny(role, action, project);
  }

  /** Asks the policies of this moment: take a new one for each listing. */
  visible(role: string): (resource: Resource) => boolean {
    return this.#current.visible(role);
  }

  list(): readonly PolicySummary[] {
    return this.#current.policies;
  }

  async #load(): Promise<PolicyCounts> {
    const { source, roles, log } = this.#ports;
    const next = await readSet(source, roles);
    if (!next) log("warn", `${source.label}: there is no such file, so every secret is denied to everyone`);
    this.#current = next ?? PolicySet.EMPTY;
    return { policies: this.#current.policies.length, roles: this.#current.roleCount };
  }
}

async function readSet(source: PolicySource, roles: () => readonly string[]): Promise<PolicySet | undefined> {
  let file;
  try {
    file = await source.load();
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", messageOf(reason), { cause: reason });
  }
  try {
    return file && PolicySet.compile(file, roles());
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `parse ${source.label}: ${messageOf(reason)}`, { cause: reason });
  }
}
