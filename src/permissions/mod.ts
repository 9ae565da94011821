export {
  type Invocation,
  libraryOf,
  type Permissions,
  permissionsFor,
  servingPermissions,
  toFlags,
} from "./permissions.ts";
