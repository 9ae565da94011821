import assert from "node:assert/strict";
import type { LogLevel } from "#ports/log.ts";
import type { PolicyFile, PolicySource } from "#ports/policy_source.ts";
import { PolicyService } from "./mod.ts";
import { policyFile } from "./testing.ts";

/** A file that a test rewrites; undefined: there is none. */
class TestSource implements PolicySource {
  readonly label = "policies file /p.yml";
  failure: Error | undefined;

  constructor(public file: PolicyFile | undefined) {}

  load(): Promise<PolicyFile | undefined> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.file);
  }
}

const READER = policyFile({ r: ["allow read secret:p:*"] }), KEY = { project: "p", path: "key" };

async function open(file: PolicyFile | undefined) {
  const source = new TestSource(file), logged: [LogLevel, string][] = [], roles = ["r"];
  const service = await PolicyService.open({ source, roles: () => roles, log: (...line) => void logged.push(line) });
  return { source, service, logged, roles };
}

Deno.test("PolicyService.reload() holds for the very next decision, also where it takes a right away", async () => {
  const { service, source } = await open(READER);
  assert.equal(service.decide("r", "read", KEY).allowed, true);
  source.file = policyFile({ r: ["allow read secret:p:*", "deny read secret:p:key"] });
  assert.deepEqual(await service.reload(), { policies: 1, roles: 1 });
  assert.equal(service.decide("r", "read", KEY).allowed, false);
});

Deno.test("PolicyService.reload() is all or nothing: a bad file leaves what was", async () => {
  const { service, source } = await open(READER);
  source.file = policyFile({ r: ["allow * secret:q:*", "allow everything secret:p:*"] });
  await assert.rejects(service.reload(), {
    code: "FAILED_PRECONDITION",
    message:
      "parse policies file /p.yml: line 2: unknown action (allowed: read, list, create, update, delete, rotate, " +
      "verify, write, *)",
  });
  assert.equal(service.decide("r", "read", KEY).allowed, true);
  assert.equal(service.decide("r", "read", { project: "q", path: "a" }).allowed, false);
  source.failure = new Error("read policies file /p.yml: permission denied");
  await assert.rejects(service.reload(), { message: "read policies file /p.yml: permission denied" });
  assert.equal(service.decide("r", "read", KEY).allowed, true);
});

Deno.test("PolicyService goes on after a failed reload", async () => {
  const { service, source } = await open(READER);
  source.failure = new Error("gone");
  const failed = service.reload();
  await assert.rejects(failed);
  source.failure = undefined;
  source.file = policyFile({ r: ["allow list secret:p:*"] });
  await service.reload();
  assert.equal(service.decide("r", "list", KEY).allowed, true);
});

Deno.test("PolicyService without a file denies everything and warns, at start and at a reload", async () => {
  const { service, logged, source } = await open(undefined);
  const warning = ["warn", "policies file /p.yml: there is no such file, so every secret is denied to everyone"];
  assert.deepEqual(logged, [warning]);
  assert.equal(service.decide("r", "read", KEY).allowed, false);
  source.file = READER;
  await service.reload();
  source.file = undefined;
  await service.reload();
  assert.equal(service.decide("r", "read", KEY).allowed, false);
  assert.equal(logged.length, 2);
});

Deno.test("PolicyService.open() refuses a bad file", async () => {
  await assert.rejects(open(policyFile({ ghost: [] })), {
    code: "FAILED_PRECONDITION",
    message: 'parse policies file /p.yml: line 1: unknown role "ghost"',
  });
});

Deno.test("PolicyService.reload() asks for the roles of that moment: one deleted since fails it, the old set stays", async () => {
  const { service, roles } = await open(READER);
  roles.length = 0;
  await assert.rejects(service.reload(), { message: 'parse policies file /p.yml: line 1: unknown role "r"' });
  assert.equal(service.decide("r", "read", KEY).allowed, true);
});

Deno.test("PolicyService.reload(): of reloads that overlap, the file as it was read last holds", async () => {
  const { service, source } = await open(READER);
  const first = service.reload();
  source.file = policyFile({ r: ["allow list secret:p:*"] });
  await Promise.all([first, service.reload()]);
  assert.equal(service.decide("r", "list", KEY).allowed, true);
  assert.equal(service.decide("r", "read", KEY).allowed, false);
});
