export {
  type Batch,
  type CommandFiles,
  type Invocation,
  type Permissions,
  permissionsFor,
  servingPermissions,
  toFlags,
} from "./permissions.ts";
export { type ExplainedPermission, explainPermissions } from "./reasons.ts";
