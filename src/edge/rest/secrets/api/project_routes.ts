import { checkProjectName, type SecretEngine } from "#domain/secrets/mod.ts";
import { projectResource } from "#domain/policies/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { HttpReply } from "../../surface.ts";
import { jsonReply, plainReply } from "../reply.ts";
import type { Route } from "../route.ts";
import type { SecretsCall } from "../secrets_call.ts";
import { projectOfField } from "./requests.ts";
import { projectBody } from "./shapes.ts";

/** `/api/projects`: contract secrets.md B.4 and B.5, as decisions.md section 3 changes them. */
export function projectRoutes(engine: SecretEngine): Route[] {
  const all = "/api/projects", one = "/api/projects/{project}", setDefault = `${one}/set-default`;
  return [
    { method: "GET", template: all, operation: "project_list", handle: (call) => list(engine, call) },
    { method: "POST", template: all, operation: "project_create", handle: (call) => create(engine, call) },
    { method: "GET", template: one, operation: "project_get", handle: (call, name) => read(engine, call, name) },
    {
      method: "PATCH",
      template: one,
      operation: "project_update",
      handle: (call, name) => describe(engine, call, name),
    },
    {
      method: "DELETE",
      template: one,
      operation: "project_delete",
      handle: (call, name) => Promise.resolve(refuseDeletion(call, name)),
    },
    {
      method: "PUT",
      template: setDefault,
      operation: "project_set_default",
      handle: (call, name) => makeDefault(engine, call, name),
    },
  ];
}

async function list({ projects }: SecretEngine, call: SecretsCall): Promise<HttpReply> {
  call.permitAny("list");
  const shown = (await projects.list()).projects.filter(({ name }) => call.mayList(name));
  call.resultCount = shown.length;
  return plainReply(200, shown.map(projectBody));
}

async function create({ projects }: SecretEngine, call: SecretsCall): Promise<HttpReply> {
  const fields = await call.fields();
  const name = fields.nonEmptyBytes("name").toString(), description = fields.optionalText("description");
  fields.check();
  const resource = projectResource(projectOfField(name, "name"));
  await call.permitChange("create", resource);
  const project = await projects.create(name, description ?? null, call.user);
  call.touch(resource);
  return jsonReply(201, projectBody(project));
}

async function read({ projects }: SecretEngine, call: SecretsCall, name: string): Promise<HttpReply> {
  permitToSee(call, name);
  const project = await projects.get(name);
  call.touch(projectResource(name));
  return jsonReply(200, projectBody(project));
}

async function describe({ projects }: SecretEngine, call: SecretsCall, name: string): Promise<HttpReply> {
  const fields = await call.fields(), description = fields.optionalText("description");
  fields.check();
  const resource = projectResource(projectIn(name));
  await call.permitChange("update", resource);
  const project = await projects.describe(name, description ?? null);
  call.touch(resource);
  return jsonReply(200, projectBody(project));
}

async function makeDefault({ projects }: SecretEngine, call: SecretsCall, name: string): Promise<HttpReply> {
  const resource = projectResource(projectIn(name));
  await call.permitChange("update", resource);
  const project = await projects.setDefault(name);
  call.touch(resource);
  return jsonReply(200, projectBody(project));
}

/** Administration is the Unix socket's alone (decisions.md section 3). */
function refuseDeletion(call: SecretsCall, name: string): never {
  const refusal = call.refusal("delete", projectResource(projectIn(name)));
  if (refusal.kind !== "forbidden") throw refusal;
  throw new VaultError("PERMISSION_DENIED", "Projects are deleted by an administrator: runevault project delete");
}

/** Whoever may list anything of a project may know of it. */
function permitToSee(call: SecretsCall, name: string): void {
  const project = projectIn(name);
  if (call.mayList(project)) call.permitAny("list", project);
  else throw call.refusal("list", projectResource(project));
}

function projectIn(name: string): string {
  try {
    checkProjectName(name);
  } catch {
    throw new VaultError("NOT_FOUND", "Not Found");
  }
  return name;
}
