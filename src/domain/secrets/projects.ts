import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { DamagedRecord, Project, SecretStore } from "#ports/secret_store.ts";
import { checkProjectName } from "./address.ts";
import { checkProjectDescription } from "./validate.ts";

export interface ProjectList {
  readonly projects: readonly Project[];
  /** Projects whose record cannot be read. */
  readonly damaged: readonly DamagedRecord[];
}

/**
 * Projects, contract secrets.md B.5: no secret comes with one. Texts of the refusals: B.2.
 *
 * The first secret of a project that there is not makes the project, with that secret's creator and no description.
 */
export class Projects {
  constructor(readonly store: SecretStore, readonly clock: Clock) {}

  /** @throws {VaultError} INVALID_ARGUMENT, ALREADY_EXISTS. */
  async create(name: string, description: string | null, actor: string): Promise<Project> {
    checkProjectName(name);
    checkProjectDescription(description);
    return await this.store.createProject({ name, description, at: this.clock.now(), actor });
  }

  /** By name. */
  async list(): Promise<ProjectList> {
    const projects: Project[] = [], damaged: DamagedRecord[] = [];
    for (const project of await this.store.listProjects()) {
      if ("damage" in project) damaged.push(project);
      else projects.push(project);
    }
    return { projects, damaged };
  }

  /** @throws {VaultError} NOT_FOUND. */
  async get(name: string): Promise<Project> {
    const project = await this.store.findProject(name);
    if (!project) throw new VaultError("NOT_FOUND", `Project '${name}' not found`);
    return project;
  }

  /** @param description Null changes nothing. @throws {VaultError} INVALID_ARGUMENT, NOT_FOUND. */
  async describe(name: string, description: string | null): Promise<Project> {
    checkProjectDescription(description);
    return description === null ? await this.get(name) : await this.store.describeProject(name, description);
  }

  /** @throws {VaultError} NOT_FOUND. */
  setDefault(name: string): Promise<Project> {
    return this.store.setDefaultProject(name);
  }

  /** @throws {VaultError} NOT_FOUND; FAILED_PRECONDITION while it has secrets. */
  delete(name: string): Promise<void> {
    return this.store.deleteProject(name);
  }
}
