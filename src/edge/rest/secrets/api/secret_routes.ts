import { addressOf, type SecretEngine } from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import type { SecretAddress } from "#ports/secret_store.ts";
import type { HttpReply } from "../../surface.ts";
import { listAll } from "../listing.ts";
import { ifMatch, listQueryOf, versionOf } from "../query.ts";
import { emptyReply, jsonReply, plainReply, versionTag } from "../reply.ts";
import type { Route } from "../route.ts";
import type { SecretsCall } from "../secrets_call.ts";
import { splitFirst } from "../target.ts";
import { addressOfFields, expectedVersionOf } from "./requests.ts";
import { changedSecretBody, listItem, secretBody } from "./shapes.ts";

/** `/api/secrets`: contract secrets.md B.4 and B.6, as decisions.md section 3 changes them. */
export function secretRoutes(engine: SecretEngine, log: Log): Route[] {
  const item = "/api/secrets/{project}/{path}";
  return [
    {
      method: "GET",
      template: "/api/secrets",
      operation: "secret_list",
      handle: (call) => list({ engine, log }, call),
    },
    { method: "POST", template: "/api/secrets", operation: "secret_create", handle: (call) => create(engine, call) },
    {
      method: "POST",
      template: "/api/secrets/test",
      operation: "secret_test",
      handle: (call) => Promise.resolve(connected(call)),
    },
    { method: "GET", template: item, operation: "secret_get", handle: (call, name) => read(engine, call, name) },
    { method: "PATCH", template: item, operation: "secret_update", handle: (call, name) => update(engine, call, name) },
    {
      method: "DELETE",
      template: item,
      operation: "secret_delete",
      handle: (call, name) => remove(engine, call, name),
    },
  ];
}

async function list(parts: { engine: SecretEngine; log: Log }, call: SecretsCall): Promise<HttpReply> {
  const query = listQueryOf(call.request.query);
  const { secrets, headers } = await listAll(parts, call.request, { ...query, visible: call.visible(query.project) });
  call.resultCount = secrets.length;
  return plainReply(200, secrets.map(listItem), headers);
}

async function create(engine: SecretEngine, call: SecretsCall): Promise<HttpReply> {
  const fields = await call.fields();
  const [project, path] = ["project", "path"].map((name) => fields.nonEmptyBytes(name).toString());
  const value = fields.nonEmptyBytes("value").bytes;
  fields.check();
  const address = addressOfFields(project, path);
  await call.permitChange("create", address);
  using created = await engine.create(address, { kind: "manual", value }, call.user);
  call.touch(address, 1);
  return jsonReply(201, secretBody(created), versionTag(1));
}

function connected(call: SecretsCall): HttpReply {
  const message = `Authentication successful for service '${call.user}'`;
  return jsonReply(200, { status: "ok", message });
}

async function read(engine: SecretEngine, call: SecretsCall, name: string): Promise<HttpReply> {
  const version = versionOf(call.request.query), address = addressIn(name);
  call.permit("read", address);
  using opened = await engine.get(address, version);
  call.touch(address, opened.version.version);
  return jsonReply(200, secretBody(opened), versionTag(opened.version.version));
}

async function update(engine: SecretEngine, call: SecretsCall, name: string): Promise<HttpReply> {
  const fields = await call.fields();
  const value = fields.nonEmptyBytes("value").bytes, expectedVersion = expectedVersionOf(fields, call);
  fields.check();
  const address = addressIn(name);
  await call.permitChange("update", address);
  const secret = await engine.update(address, { value, expectedVersion }, call.user);
  call.touch(address, secret.currentVersion);
  return jsonReply(200, changedSecretBody(secret, value), versionTag(secret.currentVersion));
}

async function remove(engine: SecretEngine, call: SecretsCall, name: string): Promise<HttpReply> {
  const expectedVersion = ifMatch(call.request.header("if-match")), address = addressIn(name);
  await call.permitChange("delete", address);
  await engine.delete(address, { expectedVersion });
  call.touch(address);
  return emptyReply(204);
}

/** A name that no secret can have is one that no secret has. */
function addressIn(name: string): SecretAddress {
  const [project, path = ""] = splitFirst(name);
  try {
    return addressOf(project, path);
  } catch {
    throw new VaultError("NOT_FOUND", "Not Found");
  }
}
