import { hash } from "node:crypto";

/** Names a token's holder without telling the token: 32 lower-case hex digits, made by `agentIdOf` alone. */
export type AgentId = string & { readonly brand: unique symbol };

/** The first 16 bytes of SHA-256 over the token's UTF-8. Contract runevault.md 1.7. */
export function agentIdOf(token: string): AgentId {
  return agentIdOfDigest(digestOf(token));
}

/** SHA-256 of the token's UTF-8, 64 lower-case hex digits: the key under which tokens are looked up. */
export function digestOf(token: string): string {
  return hash("sha256", token, "hex");
}

export function agentIdOfDigest(digest: string): AgentId {
  return digest.slice(0, 32) as AgentId;
}
