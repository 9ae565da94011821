/**
 * Server reflection, v1 and v1alpha, which differ in their package name alone
 * (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md).
 *
 * @module
 */
import { create, createFileRegistry, type DescFile, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type handleBidiStreamingCall, status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { fileDescriptors } from "./definitions.ts";

export const REFLECTION_SERVICES = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
] as const;

/** In a call: a short question has a long answer, and Deno's HTTP/2 never says that nobody reads what it is given. */
const MAX_QUESTIONS = 100;

/** A ServerReflectionRequest as proto-loader decodes it; `message_request` names the field that is set. */
interface ReflectionRequest {
  readonly message_request?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: { readonly containing_type: string; readonly extension_number: number };
  readonly all_extension_numbers_of_type?: string;
}
type Answer = Readonly<Record<string, unknown>>;

const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...fileDescriptors] }));
const encodedFiles = new Map<DescFile, Answer>();
const filesBySymbol = indexSymbols([...registry.files]);

export function reflectionHandlers(): UntypedServiceImplementation {
  const serverReflectionInfo: handleBidiStreamingCall<ReflectionRequest, Answer> = (call) => {
    let questions = 0;
    call.on("data", (request: ReflectionRequest) => {
      if (++questions <= MAX_QUESTIONS) {
        call.write({ valid_host: "", original_request: request, ...answer(request) });
      } else if (questions === MAX_QUESTIONS + 1) {
        call.emit("error", {
          code: status.RESOURCE_EXHAUSTED,
          details: `more than ${MAX_QUESTIONS} questions in a call`,
        });
      }
    });
    call.on("end", () => call.end());
  };
  return { serverReflectionInfo };
}

function answer(request: ReflectionRequest): Answer {
  switch (request.message_request) {
    case "list_services":
      return { list_services_response: { service: serviceNames().map((name) => ({ name })) } };
    case "file_by_filename":
      return fileAnswer(registry.getFile(request.file_by_filename!));
    case "file_containing_symbol":
      return fileAnswer(fileOf(request.file_containing_symbol!));
    case "file_containing_extension": {
      const { containing_type, extension_number } = request.file_containing_extension!;
      const message = registry.getMessage(containing_type);
      return fileAnswer(message && registry.getExtensionFor(message, extension_number)?.file);
    }
    case "all_extension_numbers_of_type":
      return extensionNumbersAnswer(request.all_extension_numbers_of_type!);
    default:
      return errorAnswer(status.UNIMPLEMENTED, "unknown reflection request");
  }
}

function serviceNames(): string[] {
  return [...registry].flatMap((type) => type.kind === "service" ? [type.typeName] : []);
}

/** The file of a type, or of the type that a method or a field belongs to. */
function fileOf(symbol: string): DescFile | undefined {
  return filesBySymbol.get(symbol) ?? filesBySymbol.get(symbol.slice(0, symbol.lastIndexOf(".")));
}

function indexSymbols(files: readonly DescFile[]): ReadonlyMap<string, DescFile> {
  return new Map(files.flatMap((file) => [...nestedTypes(file)].map((type) => [type.typeName, file] as const)));
}

/** The file and all that it imports, directly or not; encoded once, since anyone may ask as often as they like. */
function fileAnswer(file: DescFile | undefined): Answer {
  if (!file) return errorAnswer(status.NOT_FOUND, "not found");
  const known = encodedFiles.get(file);
  if (known) return known;
  const files = new Set<DescFile>();
  const visit = (visited: DescFile) => {
    files.add(visited);
    visited.dependencies.forEach(visit);
  };
  visit(file);
  const file_descriptor_proto = [...files].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  const encoded = { file_descriptor_response: { file_descriptor_proto } };
  encodedFiles.set(file, encoded);
  return encoded;
}

function extensionNumbersAnswer(typeName: string): Answer {
  const message = registry.getMessage(typeName);
  if (!message) return errorAnswer(status.NOT_FOUND, "not found");
  const extension_number = [...registry].flatMap((type) =>
    type.kind === "extension" && type.extendee.typeName === typeName ? [type.number] : []
  );
  return { all_extension_numbers_response: { base_type_name: typeName, extension_number } };
}

function errorAnswer(errorCode: status, errorMessage: string): Answer {
  return { error_response: { error_code: errorCode, error_message: errorMessage } };
}
