import {
  addressOf,
  canonicalName,
  type CreateSecret,
  generatedValue,
  type Material,
  parseAddress,
  resourceOf,
  type SecretEngine,
  wipe,
} from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { systemRandom } from "#ports/random.ts";
import type { SecretAddress, SecretKind, SecretRecord } from "#ports/secret_store.ts";
import type { Fields } from "../../rest/secrets/fields.ts";
import type { Reply } from "../reply.ts";
import type { Route } from "../router.ts";
import { ADMIN, type AdminCall, audited } from "./admin_call.ts";
import type { SecretsAdmin } from "./secrets_admin.ts";
import { openedJson, secretJson, valueReply, versionJson } from "./shapes.ts";

type Handler = (engine: SecretEngine, call: AdminCall) => Promise<Reply>;

/** `POST /secrets/VERB`: names are in the bodies, so that a line of the service log holds none. */
export function secretRoutes(admin: SecretsAdmin): Route[] {
  const handlers: Readonly<Record<string, Handler>> = { put, get, list, versions, rotate, verify, delete: remove };
  return Object.entries(handlers).map(([verb, handle]) => ({
    method: "POST",
    path: ["secrets", verb],
    handle: audited(admin, `admin_secret_${verb}`, (call) => handle(admin.engine, call)),
  }));
}

/** Makes the secret or gives it a new version; `expected_version` 0 stands for a secret that is not there. */
async function put(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), address = addressIn(fields);
  const expectedVersion = fields.optionalInteger("expected_version");
  const given = givenMaterial(fields), settings = settingsIn(fields);
  fields.check();
  await call.change({ resource: resourceOf(address) });
  try {
    const known = expectedVersion === 0 ? undefined : await find(engine, address);
    if (!known && expectedVersion) throw conflict();
    if (!known) return await create(engine, call, { address, settings, given });
    if (settings.kind !== undefined && settings.kind !== known.kind) {
      const text = `'${resourceOf(address)}' is ${known.kind}: delete it and put it again to change that`;
      throw new VaultError("INVALID_ARGUMENT", text);
    }
    checkInterval(known.kind, settings);
    const material = known.format === "userpass" && given.value
      ? { username: given.username, password: given.value }
      : asMaterial(given);
    const secret = await engine.update(address, { ...settings, ...material, expectedVersion }, ADMIN);
    call.subject = { resource: resourceOf(address), version: secret.currentVersion };
    return { status: 200, body: { ...secretJson(secret), created: false } };
  } finally {
    if (given.isGenerated) wipe(given.value!); // the others lie in the body, which is wiped as a whole
  }
}

interface Creation {
  readonly address: SecretAddress;
  readonly settings: Settings;
  readonly given: Given;
}

async function create(engine: SecretEngine, call: AdminCall, { address, settings, given }: Creation): Promise<Reply> {
  const request: CreateSecret = { ...settings, kind: settings.kind ?? "manual", ...asMaterial(given) };
  checkInterval(request.kind, settings);
  if (request.kind === "automatic" && settings.rotationIntervalSeconds === undefined) {
    throw new VaultError("INVALID_ARGUMENT", "an automatic secret wants an interval (--interval, e.g. 30d)");
  }
  using opened = await engine.create(address, request, ADMIN);
  call.subject = { resource: resourceOf(address), version: 1 };
  return { status: 201, body: { ...secretJson(opened.secret), created: true } };
}

/** Whoever gives one believes that the secret is rotated from now on. */
function checkInterval(kind: SecretKind, { rotationIntervalSeconds }: Settings): void {
  if (kind === "automatic" || rotationIntervalSeconds === undefined) return;
  const text = "an interval is for automatic secrets (--kind automatic): a manual one is rotated by nobody";
  throw new VaultError("INVALID_ARGUMENT", text);
}

async function get(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), address = addressIn(fields), version = fields.optionalInteger("version");
  fields.check();
  call.subject = { resource: resourceOf(address), version };
  using opened = await engine.get(address, version);
  call.subject = { resource: resourceOf(address), version: opened.version.version };
  return valueReply(200, openedJson(opened));
}

async function list(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields();
  const project = fields.optionalText("project"), prefix = fields.optionalText("prefix");
  const query = { project, prefix, after: fields.optionalText("after"), limit: fields.optionalInteger("limit") };
  fields.check();
  call.subject = { resource: `secret:${project ?? "*"}:*` };
  const { secrets, damaged, next } = await engine.list(query);
  call.subject = { ...call.subject, resultCount: secrets.length };
  const names = damaged.map(({ name }) => name);
  return { status: 200, body: { secrets: secrets.map(secretJson), damaged: names, next: next ?? null } };
}

async function versions(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), address = addressIn(fields);
  fields.check();
  call.subject = { resource: resourceOf(address) };
  return {
    status: 200,
    body: { name: canonicalName(address), versions: (await engine.versions(address)).map(versionJson) },
  };
}

async function rotate(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), address = addressIn(fields);
  const expectedVersion = fields.optionalInteger("expected_version");
  fields.check();
  await call.change({ resource: resourceOf(address) });
  using opened = await engine.rotate(address, ADMIN, { expectedVersion });
  call.subject = { resource: resourceOf(address), version: opened.version.version };
  return { status: 200, body: secretJson(opened.secret) };
}

async function verify(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), address = addressIn(fields), value = fields.bytes("value");
  fields.check();
  call.subject = { resource: resourceOf(address) };
  await engine.describe(address); // a name that is wrong must not pass for a value that is
  const verdict = await engine.verify(address, value.bytes);
  call.subject = { resource: resourceOf(address), version: verdict.version ?? undefined };
  return { status: 200, body: { ...verdict } };
}

async function remove(engine: SecretEngine, call: AdminCall): Promise<Reply> {
  const fields = await call.fields(), address = addressIn(fields);
  const expectedVersion = fields.optionalInteger("expected_version");
  fields.check();
  await call.change({ resource: resourceOf(address) });
  await engine.delete(address, { expectedVersion });
  return { status: 200, body: { name: canonicalName(address) } };
}

/** @throws {VaultError} INVALID_ARGUMENT for a name that no secret can have. */
function addressIn(fields: Fields): SecretAddress {
  const project = fields.optionalText("project"), name = fields.text("name");
  fields.check();
  return project === undefined ? parseAddress(name) : addressOf(project, name);
}

interface Given {
  /** Of an opaque secret, or the password of a pair. */
  readonly value?: Uint8Array;
  readonly username?: Uint8Array;
  readonly isGenerated: boolean;
}

function givenMaterial(fields: Fields): Given {
  const value = fields.optionalBytes("value")?.bytes, username = fields.optionalBytes("username")?.bytes;
  const isGenerated = fields.optionalInteger("generate") === 1;
  fields.check();
  if (isGenerated && value) throw new VaultError("INVALID_ARGUMENT", "a value is either given or generated");
  return { value: isGenerated ? generatedValue(systemRandom) : value, username, isGenerated };
}

function asMaterial({ value, username }: Given): Material {
  return username ? { username, password: value } : value ? { value } : {};
}

type Settings = Partial<Pick<CreateSecret, "kind" | "description" | "rotationIntervalSeconds" | "graceSeconds">>;

function settingsIn(fields: Fields): Settings {
  return {
    ...fields.has("kind") ? { kind: fields.choice<SecretKind>("kind", ["manual", "automatic"]) } : {},
    description: fields.optionalText("description"),
    rotationIntervalSeconds: fields.optionalInteger("rotation_interval_secs"),
    graceSeconds: fields.optionalInteger("grace_period_secs"),
  };
}

async function find(engine: SecretEngine, address: SecretAddress): Promise<SecretRecord | undefined> {
  try {
    return await engine.describe(address);
  } catch (reason) {
    if (reason instanceof VaultError && reason.code === "NOT_FOUND") return undefined;
    throw reason;
  }
}

function conflict(): VaultError {
  return new VaultError("ABORTED", "the secret is not at the expected version: it is not there");
}
