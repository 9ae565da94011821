import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ROOT } from "../support/paths.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf } from "../support/vault_client.ts";

const VAULT = "rune.vault.v1.VaultService";
const OPTIONS = { includeDirs: [`${ROOT}proto`], keepCase: true, enums: String, oneofs: true };

// The shapes come from .proto files at run time.
type Dynamic = ReturnType<typeof JSON.parse>;

function clientOf(file: string, service: string, vault: TestVault): Dynamic {
  const packages = grpc.loadPackageDefinition(loadSync(file, OPTIONS));
  const constructor = service.split(".").reduce((scope: Dynamic, name) => scope[name], packages);
  return new constructor(`localhost:${vault.port}`, grpc.credentials.createSsl(Buffer.from(vault.ca)));
}

function healthClient(vault: TestVault): Dynamic {
  return clientOf("grpc/health/v1/health.proto", "grpc.health.v1.Health", vault);
}

function check(health: Dynamic, service: string): Promise<{ status: string }> {
  return new Promise((resolve, reject) => {
    health.Check(
      { service },
      (error: unknown, response: { status: string }) => error ? reject(error) : resolve(response),
    );
  });
}

/** Statuses of a watch until the server ends it. */
function watch(health: Dynamic, service: string): { first: Promise<string>; all: Promise<string[]> } {
  const first = Promise.withResolvers<string>(), all = Promise.withResolvers<string[]>();
  const statuses: string[] = [];
  health.Watch({ service })
    .on("data", ({ status }: { status: string }) => {
      statuses.push(status);
      first.resolve(status);
    })
    .on("error", () => all.resolve(statuses))
    .on("end", () => all.resolve(statuses));
  return { first: first.promise, all: all.promise };
}

Deno.test("the standard health service tells about the server and the vault, without a token", async () => {
  await using vault = await TestVault.start();
  const health = healthClient(vault);
  for (const service of ["", VAULT]) assert.deepEqual(await check(health, service), { status: "SERVING" });
  assert.equal((await refusalOf(check(health, "other"))).code, "NOT_FOUND");
  const [known, unknown] = [watch(health, VAULT), watch(health, "other")];
  assert.deepEqual([await known.first, await unknown.first], ["SERVING", "SERVICE_UNKNOWN"]);
  assert.equal((await vault.stop()).code, 0);
  assert.deepEqual(await known.all, ["SERVING", "NOT_SERVING"]);
  health.close();
});

for (const version of ["v1", "v1alpha"]) {
  Deno.test(`reflection ${version} lets a generic client call the vault`, async () => {
    await using vault = await TestVault.start();
    const file = `grpc/reflection/${version}/reflection.proto`;
    const client = clientOf(file, `grpc.reflection.${version}.ServerReflection`, vault);
    const ask = reflectionCall(client);
    const { list_services_response } = await ask({ list_services: "" });
    const names = list_services_response.service.map(({ name }: { name: string }) => name).sort();
    assert.deepEqual(names, [
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      VAULT,
    ]);
    for (const symbol of [VAULT, `${VAULT}.DecryptScores`, "rune.vault.v1.ScoreEntry"]) {
      assert.deepEqual(fileNames(await ask({ file_containing_symbol: symbol })), [
        "vault_service.proto",
        "buf/validate/validate.proto",
        "google/protobuf/descriptor.proto",
      ]);
    }
    assert.equal(fileNames(await ask({ file_by_filename: "vault_service.proto" }))[0], "vault_service.proto");
    const extension = { containing_type: "google.protobuf.FieldOptions", extension_number: 1159 };
    assert.equal(fileNames(await ask({ file_containing_extension: extension }))[0], "buf/validate/validate.proto");
    const numbers = await ask({ all_extension_numbers_of_type: "google.protobuf.FieldOptions" });
    assert.deepEqual(numbers.all_extension_numbers_response.extension_number, [1159]);
    for (const question of [{ file_by_filename: "no.proto" }, { file_containing_symbol: "no.Such" }]) {
      assert.equal((await ask(question)).error_response.error_code, grpc.status.NOT_FOUND);
    }
    client.close();
  });
}

/** Sends one question on a stream of its own. */
function reflectionCall(client: Dynamic): (question: object) => Promise<Dynamic> {
  return (question) =>
    new Promise((resolve, reject) => {
      const call = client.ServerReflectionInfo();
      call.on("data", (answer: Dynamic) => {
        assert.deepEqual(answer.original_request[Object.keys(question)[0]], Object.values(question)[0]);
        resolve(answer);
      });
      call.on("error", reject);
      call.write(question);
      call.end();
    });
}

/** Names of the files in an answer: field 1 of each FileDescriptorProto. */
function fileNames(answer: Dynamic): string[] {
  const files: Uint8Array[] = answer.file_descriptor_response.file_descriptor_proto;
  return files.map((file) => new TextDecoder().decode(file.subarray(2, 2 + file[1])));
}
