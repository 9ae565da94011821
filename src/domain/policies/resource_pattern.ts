import { Glob, PatternError } from "./glob.ts";
import type { Resource } from "./resource.ts";

/** A pattern of resources, `secret:<project>:<path>`; each part matches its own part, so that no `*` crosses a colon. */
export class ResourcePattern {
  readonly #project: Glob;
  readonly #path: Glob;

  /** @throws {PatternError} when it is none, or could never match. */
  constructor(readonly text: string) {
    const parts = text.split(":");
    if (parts.length !== 3) throw new PatternError("must be of the form secret:<project>:<path>");
    const [kind, project, path] = parts;
    if (!new Glob(kind).matches("secret")) throw new PatternError("must start with 'secret:'");
    if (project === "" || path === "") throw new PatternError("has an empty part; '*' stands for everything");
    if (project.includes("/")) throw new PatternError("has a '/' in its project, which no project has");
    this.#project = new Glob(project);
    this.#path = new Glob(path);
  }

  matches({ project, path }: Resource): boolean {
    return this.#project.matches(project) && this.#path.matches(path);
  }

  /** Whether it is about the project, or about any. */
  mayMatchIn(project: string | undefined): boolean {
    return project === undefined || this.#project.matches(project);
  }
}
