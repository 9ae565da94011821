import { VaultError } from "#errors/mod.ts";
import type { Authorship, DamagedRecord, Project } from "#ports/secret_store.ts";
import type { Cell, Database, Row } from "./database.ts";
import { checkedFields, columnsOf, insertInto, type Table, updatedValues, updateOf, withChecksum } from "./record.ts";

export const PROJECTS: Table = {
  name: "projects",
  columns: ["id", "name", "description", "is_default", "created_at", "created_by"],
};

const CHANGING = ["description", "is_default"];
const INSERT = insertInto(PROJECTS);
const SELECT = `SELECT ${columnsOf(PROJECTS)} FROM projects`;
const UPDATE = updateOf(PROJECTS, CHANGING, "id = ?");

/** Commands run in the writer's transaction. */
export class ProjectTable {
  constructor(readonly db: Database) {}

  create({ name, description, at, actor }: Pick<Project, "name" | "description"> & Authorship): Project {
    if (this.find(name)) throw new VaultError("ALREADY_EXISTS", `Project '${name}' already exists`);
    const project = {
      id: this.db.nextId("projects"),
      name,
      description,
      isDefault: false,
      createdAt: at,
      createdBy: actor,
    };
    this.db.run(INSERT, ...withChecksum(PROJECTS, fieldsOf(project)));
    return project;
  }

  /** When there is none of that name. */
  ensure(name: string, { description = null, at, actor }: Authorship & Partial<Pick<Project, "description">>): void {
    if (!this.#isThere(name)) this.create({ name, description, at, actor });
  }

  find(name: string): Project | undefined {
    const row = this.db.get(`${SELECT} WHERE name = ?`, name);
    return row && projectOf(row);
  }

  list(): (Project | DamagedRecord)[] {
    return this.#where("true ORDER BY name").map((row) => {
      try {
        return projectOf(row);
      } catch (reason) {
        return { name: String(row[1]), damage: reason as Error };
      }
    });
  }

  describe(name: string, description: string | null): Project {
    return this.#update({ ...this.#mustFind(name), description });
  }

  setDefault(name: string): Project {
    const project = this.#mustFind(name);
    for (const row of this.#where("is_default <> 0")) this.#clearDefault(row);
    return this.#update({ ...project, isDefault: true });
  }

  /** When no project has the flag; a damaged one may well have been chosen. @throws {VaultError} NOT_FOUND. */
  setDefaultUnlessChosen(name: string): void {
    if (!this.db.get("SELECT 1 FROM projects WHERE is_default <> 0 LIMIT 1")) this.setDefault(name);
  }

  /** Also when its record is damaged. */
  delete(name: string): void {
    if (!this.#isThere(name)) throw projectNotFound(name);
    // '0' is the character after '/'.
    const secret = this.db.get("SELECT 1 FROM secrets WHERE name > ? AND name < ? LIMIT 1", `${name}/`, `${name}0`);
    if (secret) {
      const text = `Cannot delete project '${name}' with existing secrets. Delete all secrets first.`;
      throw new VaultError("FAILED_PRECONDITION", text);
    }
    this.db.run("DELETE FROM projects WHERE name = ?", name);
  }

  #where(condition: string): Row[] {
    return this.db.all(`${SELECT} WHERE ${condition}`);
  }

  #mustFind(name: string): Project {
    const project = this.find(name);
    if (!project) throw projectNotFound(name);
    return project;
  }

  /** Whatever the rest of the record is. */
  #isThere(name: string): boolean {
    return this.db.get("SELECT 1 FROM projects WHERE name = ?", name) !== undefined;
  }

  #clearDefault(row: Row): void {
    let project: Project;
    try {
      project = projectOf(row);
    } catch {
      this.db.run("UPDATE projects SET is_default = 0 WHERE id = ?", row[0]); // it stays damaged
      return;
    }
    this.#update({ ...project, isDefault: false });
  }

  #update(project: Project): Project {
    this.db.run(UPDATE, ...updatedValues(PROJECTS, CHANGING, fieldsOf(project)), project.id);
    return project;
  }
}

function projectNotFound(name: string): VaultError {
  return new VaultError("NOT_FOUND", `Project '${name}' not found`);
}

function fieldsOf({ id, name, description, isDefault, createdAt, createdBy }: Project): Cell[] {
  return [id, name, description, isDefault ? 1 : 0, createdAt, createdBy];
}

export function projectOf(row: Row): Project {
  const fields = checkedFields(PROJECTS, row, () => `project '${row[1]}'`);
  const [id, name, description, isDefault, createdAt, createdBy] = fields;
  return {
    id: Number(id),
    name: name as string,
    description: description as string | null,
    isDefault: isDefault === 1n,
    createdAt: Number(createdAt),
    createdBy: createdBy as string,
  };
}
