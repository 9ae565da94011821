/** The secrets API's door: who comes in, and what each may do there. @module */
export { AccessGuard, type AccessParts, type Caller } from "./access_guard.ts";
export { AccessRefusal, type RefusalKind } from "./access_refusal.ts";
export type { Credentials } from "./credentials.ts";
