import { lockoutClear } from "./commands/lockout_clear.ts";
import { lockoutList } from "./commands/lockout_list.ts";
import { policyCheck } from "./commands/policy_check.ts";
import { policyList } from "./commands/policy_list.ts";
import { policyReload } from "./commands/policy_reload.ts";
import { projectCreate } from "./commands/project_create.ts";
import { projectDelete } from "./commands/project_delete.ts";
import { projectDescribe } from "./commands/project_describe.ts";
import { projectList } from "./commands/project_list.ts";
import { projectSetDefault } from "./commands/project_set_default.ts";
import { projectShow } from "./commands/project_show.ts";
import { secretDelete } from "./commands/secret_delete.ts";
import { secretExport } from "./commands/secret_export.ts";
import { secretGet } from "./commands/secret_get.ts";
import { secretImport } from "./commands/secret_import.ts";
import { secretImportHyperion } from "./commands/secret_import_hyperion.ts";
import { secretImportMyVault } from "./commands/secret_import_myvault.ts";
import { secretList } from "./commands/secret_list.ts";
import { secretPut } from "./commands/secret_put.ts";
import { secretRewrap } from "./commands/secret_rewrap.ts";
import { secretRotate } from "./commands/secret_rotate.ts";
import { secretVerify } from "./commands/secret_verify.ts";
import { secretVersions } from "./commands/secret_versions.ts";

/** The commands of the secrets engine, by group. */
export const SECRET = [
  secretPut,
  secretGet,
  secretList,
  secretVersions,
  secretRotate,
  secretVerify,
  secretDelete,
  secretRewrap,
  secretExport,
  secretImport,
  secretImportMyVault,
  secretImportHyperion,
];
export const PROJECT = [
  projectCreate,
  projectList,
  projectShow,
  projectDescribe,
  projectSetDefault,
  projectDelete,
];
export const POLICY = [policyCheck, policyReload, policyList];
export const LOCKOUT = [lockoutList, lockoutClear];
