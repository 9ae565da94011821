import { projectResource, resourceText } from "#domain/policies/mod.ts";
import type { Project } from "#ports/secret_store.ts";
import type { Reply } from "../reply.ts";
import { NAME, type Route } from "../router.ts";
import { ADMIN, type AdminCall, audited } from "./admin_call.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";
import { projectJson } from "./shapes.ts";

/** `/projects`. */
export function projectRoutes(admin: SecretsAdmin): Route[] {
  const { projects } = admin.engine;
  const route = (
    [method, operation]: readonly [string, string],
    path: Route["path"],
    handle: (call: AdminCall) => Promise<Reply>,
  ): Route => ({ method, path: ["projects", ...path], handle: audited(admin, `admin_project_${operation}`, handle) });
  const changing = async (call: AdminCall, change: () => Promise<Project>, status = 200): Promise<Reply> => {
    await call.change({ resource: resourceOf(call.name) });
    return { status, body: projectJson(await change()) };
  };
  return [
    route(["GET", "list"], [], async (call) => {
      const { projects: all, damaged } = await projects.list();
      call.subject = { resource: "secret:*:*", resultCount: all.length };
      return { status: 200, body: { projects: all.map(projectJson), damaged: damaged.map(({ name }) => name) } };
    }),
    route(["POST", "create"], [NAME], async (call) => {
      const fields = await call.fields(), description = fields.optionalText("description") ?? null;
      fields.check();
      return await changing(call, () => projects.create(call.name, description, ADMIN), 201);
    }),
    route(["GET", "get"], [NAME], async (call) => {
      call.subject = { resource: resourceOf(call.name) };
      return { status: 200, body: projectJson(await projects.get(call.name)) };
    }),
    route(["PUT", "describe"], [NAME], async (call) => {
      const fields = await call.fields(), description = fields.text("description");
      fields.check();
      return await changing(call, () => projects.describe(call.name, description));
    }),
    route(
      ["PUT", "set_default"],
      [NAME, "default"],
      (call) => changing(call, () => projects.setDefault(call.name)),
    ),
    route(["DELETE", "delete"], [NAME], async (call) => {
      await call.change({ resource: resourceOf(call.name) });
      await projects.delete(call.name);
      return { status: 200, body: { name: call.name } };
    }),
  ];
}

function resourceOf(project: string): string {
  return resourceText(projectResource(project));
}
