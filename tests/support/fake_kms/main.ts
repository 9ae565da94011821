/**
 * A key-management service for tests: AWS KMS's protocol on one loopback port, told what to do on another, which also
 * plays the metadata services. Prints `{port, controlPort, accessKey, roleKey}` once it listens; ends when stdin does.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KmsError, KmsService } from "./kms_service.ts";
import type { Control, Fault, LoggedCall } from "./protocol.ts";
import { type AccessKey, refusalOf } from "./sigv4.ts";

const REGION = "eu-central-1", ROLE = "vault-role";
const newKey = (): AccessKey => ({
  id: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
  secret: randomBytes(30).toString("base64"),
});

const service = new KmsService(REGION);
const accessKey = newKey(), roleKey = { ...newKey(), sessionToken: randomBytes(40).toString("base64") };
const faults: Fault[] = [], log: LoggedCall[] = [];
let clockOffsetSeconds = 0, roleLivesSeconds = 3600, metadataCalls = 0;

async function onCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readAll(request);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const operation = /^TrentService\.(\w+)$/.exec(headers["x-amz-target"] ?? "")?.[1] ?? "";
  const now = Date.now() + clockOffsetSeconds * 1000;
  const signed = { method: request.method ?? "", url: request.url ?? "", headers, body };
  const refusal = refusalOf(signed, { keys: [accessKey, roleKey], region: REGION, now });
  const accessKeyId = /Credential=([^/]+)/.exec(headers.authorization ?? "")?.[1] ?? "";
  const call = { operation, accessKeyId, isSigned: !refusal, input: refusal ? {} : parse(body) };
  log.push(call);
  if (refusal) return refuse(response, new KmsError(...refusal));
  const fault = takeFault(operation);
  if (fault?.kind === "disconnect") return void request.socket.destroy();
  if (fault?.kind === "hang") return; // until the client gives up
  if (fault?.kind === "error") return refuse(response, new KmsError(fault.type, fault.message ?? "", fault.status));
  if (fault?.kind === "garbage") return void response.writeHead(200).end(fault.body);
  try {
    respond(response, 200, service.answer(operation, call.input));
  } catch (reason) {
    refuse(response, reason instanceof KmsError ? reason : new KmsError("KMSInternalException", String(reason), 500));
  }
}

function takeFault(operation: string): Fault | undefined {
  const at = faults.findIndex((fault) => fault.operation === undefined || fault.operation === operation);
  if (at < 0) return undefined;
  const fault = faults[at], left = (fault.times ?? 1) - 1;
  if (left > 0) faults[at] = { ...fault, times: left };
  else faults.splice(at, 1);
  return fault;
}

async function onControl(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readAll(request);
  const url = request.url ?? "";
  if (url !== "/control") return onMetadata(request, response, url);
  const control = parse(body) as unknown as Control;
  switch (control.command) {
    case "createKey":
      return respond(response, 200, service.createKey());
    case "rotate":
      service.rotate(control.keyId, control.at);
      break;
    case "setState":
      service.setState(control.keyId, control.state);
      break;
    case "fault":
      faults.push(control.fault);
      break;
    case "configure":
      clockOffsetSeconds = control.clockOffsetSeconds ?? clockOffsetSeconds;
      roleLivesSeconds = control.roleLivesSeconds ?? roleLivesSeconds;
      service.pageSize = control.pageSize ?? service.pageSize;
      break;
    case "takeLog":
      return respond(response, 200, { calls: log.splice(0), metadataCalls });
  }
  respond(response, 200, {});
}

/** Version 2 of the instance metadata service, and the container agent. */
function onMetadata(request: IncomingMessage, response: ServerResponse, url: string): void {
  metadataCalls++;
  const token = "metadata-session", folder = "/latest/meta-data/iam/security-credentials/";
  if (request.method === "PUT" && url === "/latest/api/token") {
    const ok = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]) > 0;
    return void response.writeHead(ok ? 200 : 400).end(ok ? token : "");
  }
  if (url === "/v2/credentials/task") return respond(response, 200, roleCredentials());
  if (request.headers["x-aws-ec2-metadata-token"] !== token) return void response.writeHead(401).end();
  if (url === folder) return void response.writeHead(200).end(ROLE);
  if (url === folder + ROLE) return respond(response, 200, { Code: "Success", ...roleCredentials() });
  response.writeHead(404).end();
}

function roleCredentials(): Record<string, string> {
  const Expiration = new Date(Date.now() + roleLivesSeconds * 1000).toISOString();
  return { AccessKeyId: roleKey.id, SecretAccessKey: roleKey.secret, Token: roleKey.sessionToken, Expiration };
}

function refuse(response: ServerResponse, { type, message, status }: KmsError): void {
  respond(response, status, { __type: type, message });
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
}

function parse(body: Uint8Array): Record<string, unknown> {
  return body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(body));
}

async function readAll(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

const kms = await listen(onCall), control = await listen(onControl);
console.log(JSON.stringify({ port: kms.port, controlPort: control.port, region: REGION, accessKey, roleKey }));
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
