import type { Role } from "#ports/state_store.ts";

/** The roles that every vault has: never deleted, and put back when a file lacks them. Contract runevault.md 2.1. */
export const DEFAULT_ROLES: readonly Role[] = [
  {
    name: "admin",
    scope: ["get_public_key", "decrypt_scores", "decrypt_metadata", "manage_tokens"],
    topK: 50,
    rateLimit: "150/60s",
  },
  { name: "member", scope: ["get_public_key", "decrypt_scores", "decrypt_metadata"], topK: 10, rateLimit: "30/60s" },
];
