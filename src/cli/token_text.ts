import type { IssuedToken } from "#edge/admin/admin_client.ts";

/** The only place where a token is ever shown (contract runevault.md 4.4). */
export function tokenText(event: "issued" | "rotated", { user, role, expires, token }: IssuedToken): string {
  return `
Token ${event} for '${user}':
  Role:    ${role}
  Expires: ${expires}

  Token: ${token}

  WARNING: This token will NOT be shown again. Share it securely.
`;
}
