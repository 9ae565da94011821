import type { handleUnaryCall, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { AuditLog } from "#domain/audit/mod.ts";
import type { TokenService } from "#domain/tokens/mod.ts";
import type { Log } from "#ports/log.ts";
import type { VaultMethod } from "#ports/metrics.ts";
import { AuditedCall } from "./audited_call.ts";
import { checkDecryptMetadata, checkDecryptScores, checkGetPublicKey } from "./constraints.ts";
import { decryptMetadata, decryptScores, getPublicKey, type VaultWork } from "./methods.ts";
import { type CallFacts, observe, type Observers } from "./observed_call.ts";
import { sourceIp } from "./source_ip.ts";
import { toStatus } from "./status_map.ts";
import type { MessageParts, VaultRequest } from "./wire.ts";

/** What the three methods share. */
export interface VaultParts extends VaultWork, Observers {
  readonly tokens: TokenService;
  readonly audit: AuditLog;
  readonly log: Log;
}

/** One method of the service: its scope, its constraints and its work. */
interface Method {
  /** Scope that a role needs, and the method's name in the audit log. */
  readonly scope: string;
  readonly check: (request: VaultRequest) => string;
  readonly work: (call: AuditedCall, request: VaultRequest, parts: VaultWork) => Promise<MessageParts>;
}

const METHODS: Readonly<Record<VaultMethod, Method>> = {
  GetPublicKey: { scope: "get_public_key", check: checkGetPublicKey, work: getPublicKey },
  DecryptScores: { scope: "decrypt_scores", check: checkDecryptScores, work: decryptScores },
  DecryptMetadata: { scope: "decrypt_metadata", check: checkDecryptMetadata, work: decryptMetadata },
};

/** The vault's three methods: decode, authenticate, one domain call, encode, audit. */
export function vaultHandlers(parts: VaultParts): UntypedServiceImplementation {
  const names = Object.keys(METHODS) as VaultMethod[];
  const handlers = names.map((name) => [name, handlerOf(name, parts)] as const);
  return Object.fromEntries(handlers);
}

function handlerOf(name: VaultMethod, parts: VaultParts): handleUnaryCall<VaultRequest, MessageParts> {
  const method = METHODS[name];
  return (call, callback) => {
    const traceparent = () => call.metadata.get("traceparent")[0]?.toString();
    observe(parts, { method: name, traceparent }, (facts) => answer(method, call, { parts, facts })).then(
      (response) => callback(null, response),
      (reason) => callback(toStatus(reason)),
    );
  };
}

async function answer(
  method: Method,
  call: ServerUnaryCall<VaultRequest, MessageParts>,
  { parts, facts }: { parts: VaultParts; facts: CallFacts },
): Promise<MessageParts> {
  const token = checkConstraints(method, call.request, parts.log);
  const audited = new AuditedCall(parts, {
    token,
    method: method.scope,
    topK: method.scope === "decrypt_scores" ? call.request.topK : null,
    sourceIp: sourceIp(call.getPeer()),
  }, facts);
  return await audited.run(() => method.work(audited, call.request, parts));
}

function checkConstraints(method: Method, request: VaultRequest, log: Log): string {
  try {
    return method.check(request);
  } catch (reason) {
    log("warn", `${method.scope}: refused: ${toStatus(reason).details}`);
    throw reason;
  }
}
