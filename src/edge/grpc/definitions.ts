/**
 * The services as grpc-js wants them, from the descriptors in gen/: at run time no .proto file is read, which would cost
 * the daemon a read permission outside its directory.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import type { GenFile } from "@bufbuild/protobuf/codegenv2";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { Buffer } from "node:buffer";
import { file_grpc_health_v1_health } from "./gen/grpc/health/v1/health_pb.ts";
import { file_grpc_reflection_v1_reflection } from "./gen/grpc/reflection/v1/reflection_pb.ts";
import { file_grpc_reflection_v1alpha_reflection } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { file_vault_service } from "./gen/vault_service_pb.ts";

/** Fully qualified name of the vault's service. */
export const VAULT_SERVICE = "rune.vault.v1.VaultService";

const ROOT_FILES: readonly GenFile[] = [
  file_vault_service,
  file_grpc_health_v1_health,
  file_grpc_reflection_v1_reflection,
  file_grpc_reflection_v1alpha_reflection,
];

/** Every descriptor that the services need, imports before importers. */
export const fileDescriptors: readonly FileDescriptorProto[] = collect(ROOT_FILES);

const packageDefinition = loadFileDescriptorSetFromBuffer(
  Buffer.from(toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...fileDescriptors] }))),
  { defaults: true, oneofs: true },
);

/** The definition of one service by its fully qualified name. */
export function serviceDefinition(name: string): ServiceDefinition {
  return packageDefinition[name] as ServiceDefinition;
}

function collect(files: readonly GenFile[]): FileDescriptorProto[] {
  const found = new Set<FileDescriptorProto>();
  const visit = (file: GenFile) => {
    file.dependencies.forEach(visit);
    found.add(file.proto);
  };
  files.forEach(visit);
  return [...found];
}
