import { CONFLICT_RULES, exportPage } from "#domain/secrets/mod.ts";
import { projectResource, resourceText } from "#domain/policies/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Reply } from "../reply.ts";
import { NAME, type Route } from "../router.ts";
import { ADMIN, type AdminCall, audited } from "./admin_call.ts";
import { portableIn, portableJson } from "./portable_json.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";
import { projectJson, valueReply } from "./shapes.ts";

/** One secret with a thousand versions of the greatest size. */
const MAX_BATCH = { maxBytes: 128 * 1024 * 1024, maxValues: 100_000 };

/** `/secrets/export` and `/secrets/imports`. */
export function transferRoutes(admin: SecretsAdmin): Route[] {
  const route = (
    method: string,
    path: Route["path"],
    operation: string,
    handle: (admin: SecretsAdmin, call: AdminCall) => Promise<Reply>,
  ): Route => ({
    method,
    path: ["secrets", ...path],
    handle: audited(admin, operation, (call) => handle(admin, call)),
  });
  return [
    route("POST", ["export"], "admin_secret_export", exportSome),
    route("POST", ["imports"], "admin_import_begin", begin),
    route("POST", ["imports", NAME], "admin_import_stage", stage),
    route("POST", ["imports", NAME, "commit"], "admin_import_commit", commit),
    route("DELETE", ["imports", NAME], "admin_import_end", end),
  ];
}

async function exportSome({ engine }: SecretsAdmin, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), name = fields.text("project"), after = fields.optionalText("after");
  fields.check();
  call.subject = { resource: resourceText(projectResource(name)) };
  const project = await engine.projects.get(name);
  using page = await exportPage(engine, name, after);
  call.subject = { ...call.subject, resultCount: page.secrets.length };
  const secrets = page.secrets.map(portableJson);
  return valueReply(200, { project: projectJson(project), secrets, next: page.next ?? null });
}

async function begin({ imports, clock }: SecretsAdmin, call: AdminCall): Promise<Reply> {
  const body = await call.list("projects");
  const id = imports.begin();
  for (const fields of body) {
    const name = fields.text("name"), description = fields.optionalText("description") ?? null;
    fields.check();
    imports.get(id).addProject({ name, description, at: clock.now(), actor: ADMIN });
  }
  return { status: 201, body: { id } };
}

async function stage({ imports }: SecretsAdmin, call: AdminCall): Promise<Reply> {
  const staged = imports.get(call.name), secrets = await call.values("secrets", MAX_BATCH);
  try {
    for (const secret of secrets) await staged.stage(portableIn(secret));
  } catch (reason) {
    imports.end(call.name); // a part of it would pass for the whole
    throw reason;
  }
  call.subject = { resultCount: secrets.length };
  return { status: 200, body: { staged: staged.size } };
}

async function commit({ imports }: SecretsAdmin, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), rule = fields.choice("on_conflict", CONFLICT_RULES);
  const expected = fields.optionalInteger("secrets"), defaultProject = fields.optionalText("default_project");
  fields.check();
  const staged = imports.get(call.name);
  if (staged.size !== expected) {
    throw new VaultError("FAILED_PRECONDITION", `${staged.size} secrets have come, not ${expected}: begin again`);
  }
  const subjectOf = (project: string) => ({ resource: resourceText(projectResource(project)), resultCount: 0 });
  await call.change(...staged.projects.map(subjectOf));
  const { projects, droppedVersions, defaultProject: became, ...counts } = await staged.commit(rule, ADMIN, {
    defaultProject,
  });
  imports.end(call.name);
  call.subjects = staged.projects.map((name) => ({ ...subjectOf(name), resultCount: projects[name] ?? 0 }));
  return { status: 200, body: { ...counts, dropped_versions: droppedVersions, default_project: became } };
}

function end({ imports }: SecretsAdmin, call: AdminCall): Promise<Reply> {
  imports.end(call.name);
  return Promise.resolve({ status: 200, body: {} });
}
