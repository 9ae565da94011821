import { AccessRefusal } from "#domain/access/mod.ts";
import {
  checkBatch,
  findAddress,
  findProject,
  type OpenedSecret,
  parseAddress,
  type SecretEngine,
} from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import type { SecretAddress, SecretKind } from "#ports/secret_store.ts";
import type { HttpReply } from "../../surface.ts";
import type { Fields } from "../fields.ts";
import { listAll } from "../listing.ts";
import { ifMatch, listQueryOf, versionOf } from "../query.ts";
import { emptyReply, jsonReply, plainReply, versionTag } from "../reply.ts";
import type { Route } from "../route.ts";
import type { SecretsCall, Touched } from "../secrets_call.ts";
import { expectedVersionOf, materialOf, timingOf } from "./requests.ts";
import { secretMetadata, secretValue, verdictBody } from "./shapes.ts";

const KINDS: readonly SecretKind[] = ["manual", "automatic"];

/** Contract secrets.md A.3 to A.6 and A.9, as decisions.md section 3 changes them. */
export class V1Routes {
  constructor(readonly engine: SecretEngine, readonly log: Log) {}

  readonly routes: readonly Route[] = [
    route("GET", "/v1/secrets", "secret_list", (call) => this.#list(call)),
    route("POST", "/v1/secrets", "secret_create", (call) => this.#create(call)),
    route("GET", "/v1/secrets/{name}", "secret_get", (call, name) => this.#get(call, addressIn(name))),
    route("PUT", "/v1/secrets/{name}", "secret_update", (call, name) => this.#update(call, name)),
    route("DELETE", "/v1/secrets/{name}", "secret_delete", (call, name) => this.#delete(call, addressIn(name))),
    route("POST", "/v1/secrets/{name}/rotate", "secret_rotate", (call, name) => this.#rotate(call, addressIn(name))),
    route("POST", "/v1/secrets/{name}/verify", "secret_verify", (call, name) => this.#verify(call, name)),
    route("POST", "/v1/batch/secrets", "secret_get", (call) => this.#batch(call)),
  ];

  async #list(call: SecretsCall): Promise<HttpReply> {
    const query = listQueryOf(call.request.query);
    const { secrets, headers } = await listAll(this, call.request, { ...query, visible: call.visible(query.project) });
    call.resultCount = secrets.length;
    return plainReply(200, secrets.map(secretMetadata), headers);
  }

  async #create(call: SecretsCall): Promise<HttpReply> {
    const fields = await call.fields();
    const name = fields.text("name"), kind = fields.choice("kind", KINDS);
    const request = { kind, ...materialOf(fields), ...timingOf(fields) };
    fields.check();
    const address = parseAddress(name);
    call.permit("create", address);
    refuseTarget(fields);
    await call.announce();
    using created = await this.engine.create(address, request, call.user);
    call.touch(address, 1);
    return jsonReply(201, secretValue(created), versionTag(1));
  }

  async #get(call: SecretsCall, address: SecretAddress): Promise<HttpReply> {
    call.permit("read", address);
    using opened = await this.engine.get(address, versionOf(call.request.query));
    call.touch(address, opened.version.version);
    return jsonReply(200, secretValue(opened), versionTag(opened.version.version));
  }

  async #update(call: SecretsCall, name: string): Promise<HttpReply> {
    const fields = await call.fields();
    const change = { ...materialOf(fields), ...timingOf(fields), expectedVersion: expectedVersionOf(fields, call) };
    fields.check();
    const address = addressIn(name);
    await call.permitChange("update", address);
    const secret = await this.engine.update(address, change, call.user);
    call.touch(address, secret.currentVersion);
    return jsonReply(200, secretMetadata(secret), versionTag(secret.currentVersion));
  }

  async #delete(call: SecretsCall, address: SecretAddress): Promise<HttpReply> {
    const expectedVersion = ifMatch(call.request.header("if-match"));
    await call.permitChange("delete", address);
    await this.engine.delete(address, { expectedVersion });
    call.touch(address);
    return emptyReply(204);
  }

  async #rotate(call: SecretsCall, address: SecretAddress): Promise<HttpReply> {
    const expectedVersion = ifMatch(call.request.header("if-match"));
    await call.permitChange("rotate", address);
    using rotated = await this.engine.rotate(address, call.user, { expectedVersion });
    const { version } = rotated.version;
    call.touch(address, version);
    return jsonReply(200, secretValue(rotated), versionTag(version));
  }

  async #verify(call: SecretsCall, name: string): Promise<HttpReply> {
    const fields = await call.fields(), { bytes } = fields.bytes("value");
    fields.check();
    const address = addressIn(name);
    call.permit("verify", address);
    const verdict = await this.engine.verify(address, bytes);
    call.verified(verdict.valid);
    call.touch(address, verdict.version ?? undefined);
    call.resultCount = verdict.valid ? 1 : 0;
    return jsonReply(200, verdictBody(verdict));
  }

  /** Each name is checked as a single read would be; one that is denied refuses the whole, so it never looks absent. */
  async #batch(call: SecretsCall): Promise<HttpReply> {
    const fields: Fields = await call.fields(), names = fields.texts("names");
    fields.check();
    checkBatch(names.length);
    const addresses = names.flatMap((name) => permitInBatch(call, name));
    using found = await this.engine.getMany(addresses);
    call.touched = touchedOf(addresses, found.secrets);
    call.resultCount = found.secrets.length;
    return jsonReply(200, found.secrets.map(secretValue));
  }
}

function route(method: string, template: string, operation: string, handle: Route["handle"]): Route {
  return { method, template, operation, handle };
}

/** To take it and never apply it would leave a database with the old password once the secret has rotated. */
function refuseTarget(fields: Fields): void {
  if (!fields.has("target")) return;
  throw new VaultError("INVALID_ARGUMENT", "'target' is not supported: the vault opens no connection to a database");
}

/** What of the names asked for was there, and what was not: `found` has the same order. */
function touchedOf(addresses: readonly SecretAddress[], found: readonly OpenedSecret[]): Touched[] {
  let next = 0;
  return addresses.map(({ project, path }) => {
    const opened = found.at(next), resource = { project, path };
    if (opened?.secret.project !== project || opened.secret.path !== path) return { resource, isAbsent: true };
    next++;
    return { resource, version: opened.version.version };
  });
}

/**
 * What is to be read for the name: nothing for one that no secret can have, which is absent to those alone who may read
 * something where it would be.
 */
function permitInBatch(call: SecretsCall, name: string): SecretAddress[] {
  const address = findAddress(name);
  if (address) permitToReadInBatch(call, address);
  else call.permitAny("read", findProject(name));
  return address ? [address] : [];
}

/** "Not found" would be the answer for one name, and a batch has many. */
function permitToReadInBatch(call: SecretsCall, address: SecretAddress): void {
  try {
    call.permit("read", address);
  } catch (reason) {
    const isHidden = reason instanceof AccessRefusal && reason.kind === "hidden";
    throw isHidden ? new AccessRefusal("forbidden", call.user) : reason;
  }
}

/** A name that no secret can have is one that no secret has. */
function addressIn(name: string): SecretAddress {
  const address = findAddress(name);
  if (!address) throw new VaultError("NOT_FOUND", "not found");
  return address;
}
