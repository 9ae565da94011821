export {
  type Invocation,
  libraryOf,
  type Permissions,
  permissionsFor,
  servingPermissions,
  toFlags,
} from "./permissions.ts";
export { type ExplainedPermission, explainPermissions } from "./reasons.ts";
