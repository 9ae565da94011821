import type { AccessGuard, AccessRefusal, Caller } from "#domain/access/mod.ts";
import type { Action, Resource } from "#domain/policies/mod.ts";
import type { HttpRequest } from "../surface.ts";
import { Fields } from "./fields.ts";
import { type JsonValue, wipeJson } from "./json/mod.ts";
import { readBody } from "./request_body.ts";

/** What a call was about, for its audit line and its refusal. */
export interface Subject {
  readonly resource: Resource;
  readonly action: Action;
}

/** One result of a call, for its audit line. */
export interface Touched {
  readonly resource: Resource;
  readonly version?: number;
  /** Asked for beside others and not there. */
  readonly isAbsent?: boolean;
}

/** One call of a surface after its caller was let in; wiped when it is over. */
export class SecretsCall implements Disposable {
  /** What the caller asked last whether it may. */
  subject: Subject | undefined;
  /** What the call read or changed. */
  touched: readonly Touched[] = [];
  resultCount = 0;
  readonly #guard: AccessGuard;
  #body: JsonValue = null;

  constructor(
    readonly request: HttpRequest,
    readonly caller: Caller,
    guard: AccessGuard,
    /** Writes down that a change is about to be made. @throws {VaultError} INTERNAL when it cannot. */
    readonly announce: () => Promise<void>,
  ) {
    this.#guard = guard;
  }

  get user(): string {
    return this.caller.user;
  }

  /** The members of the body. @throws {FieldErrors} and what readBody() throws. */
  async fields(): Promise<Fields> {
    this.#body = await readBody(this.request);
    return new Fields(this.#body);
  }

  /** @throws {AccessRefusal} */
  permit(action: Action, resource: Resource): void {
    this.subject = { action, resource };
    this.#guard.check(this.caller, action, resource);
  }

  /** As permit(), for what changes something; the audit log knows of it before it happens. */
  async permitChange(action: Action, resource: Resource): Promise<void> {
    this.permit(action, resource);
    await this.announce();
  }

  /** As permit(), for what names no secret. */
  permitAny(action: "read" | "list", project?: string): void {
    this.subject = { action, resource: { project: project ?? "*", path: "" } };
    this.#guard.checkAny(this.caller, action, project);
  }

  /** What permit() throws, for what no policy can allow here. */
  refusal(action: Action, resource: Resource): AccessRefusal {
    this.subject = { action, resource };
    return this.#guard.refusal(this.caller, resource);
  }

  /** What of a listing the caller may see. @throws {AccessRefusal} when that is nothing, whatever there is. */
  visible(project?: string): (resource: Resource) => boolean {
    this.subject = { action: "list", resource: { project: project ?? "*", path: "" } };
    return this.#guard.visible(this.caller, project);
  }

  mayList(project: string): boolean {
    return this.#guard.mayList(this.caller, project);
  }

  verified(isValid: boolean): void {
    this.#guard.verified(this.caller, isValid);
  }

  touch({ project, path }: Resource, version?: number): void {
    this.touched = [{ resource: { project, path }, version }];
    this.resultCount = 1;
  }

  [Symbol.dispose](): void {
    wipeJson(this.#body);
  }
}
