/** Shutting out addresses that keep failing. @module */
export { Lockout, type LockoutEntry, type LockoutPorts, type LockoutSettings } from "./lockout.ts";
