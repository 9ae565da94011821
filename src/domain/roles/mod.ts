/** What a token's holder may do, and how often. @module */
export { DEFAULT_ROLES } from "./default_roles.ts";
export { parseRateLimit, parseStoredRateLimit, type RateLimit } from "./rate_limit.ts";
export { type RoleChange, RoleTable } from "./role_table.ts";
export { SlidingWindow } from "./sliding_window.ts";
