/** Where the policies come from: read and syntax-checked, with lines; what they mean is the domain's. */

/** A text of the file with the line where it stands, from 1. */
export interface Lined {
  readonly text: string;
  readonly line: number;
}

export interface PermissionEntry {
  readonly line: number;
  readonly effect: Lined;
  readonly actions: readonly Lined[];
  readonly resources: readonly Lined[];
}

export interface PolicyEntry {
  readonly name: Lined;
  /** Empty when the file has none. */
  readonly description: string;
  readonly permissions: readonly PermissionEntry[];
}

export interface RoleEntry {
  readonly role: Lined;
  /** Names of policies. */
  readonly policies: readonly Lined[];
}

export interface PolicyFile {
  readonly policies: readonly PolicyEntry[];
  readonly roles: readonly RoleEntry[];
}

export interface PolicySource {
  /** What messages call it, e.g. `policies file /opt/rune-vault/configs/policies.yml`. */
  readonly label: string;
  /**
   * @returns undefined when there is no file.
   * @throws {Error} with the label, line and field when it cannot be read or is not of the file's form; quotes no values.
   */
  load(): Promise<PolicyFile | undefined>;
}
