export { type Invocation, libraryOf, type Permissions, permissionsFor, toFlags } from "./permissions.ts";
