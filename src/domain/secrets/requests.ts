import type { DamagedRecord, SecretKind, SecretRecord } from "#ports/secret_store.ts";

/** A value, or the two parts of one, in clear UTF-8; whoever made the buffers wipes them. */
export interface Material {
  readonly value?: Uint8Array;
  readonly username?: Uint8Array;
  readonly password?: Uint8Array;
}

export interface CreateSecret extends Material {
  readonly kind: SecretKind;
  readonly description?: string | null;
  /** Required for automatic secrets. */
  readonly rotationIntervalSeconds?: number | null;
  /** 0 without. */
  readonly graceSeconds?: number | null;
}

export interface WriteOptions {
  /** Refused with ABORTED when the current version is another. */
  readonly expectedVersion?: number;
}

export interface RotateOptions extends WriteOptions {
  /** Refused with ABORTED when the secret is not due. */
  readonly onlyIfDue?: boolean;
}

/** What is not given stays; new material makes a new version, also when it is equal to the old. */
export interface UpdateSecret extends Material, WriteOptions {
  readonly description?: string | null;
  readonly rotationIntervalSeconds?: number | null;
  /** For the changes after this one. */
  readonly graceSeconds?: number | null;
}

export interface ListSecrets {
  readonly project?: string;
  /** Of the path when `project` is given, else of the canonical name `project/path`. */
  readonly prefix?: string;
  /** `next` of the page before. */
  readonly after?: string;
  /** 1 to 1000; 100 without. */
  readonly limit?: number;
  /** Whether the caller may see the secret of this resource, `secret:project:path`; all without. */
  readonly visible?: (resource: string) => boolean;
}

/** By the bytes of the canonical name; full unless it is the last. */
export interface SecretPage {
  readonly secrets: readonly SecretRecord[];
  /** Visible secrets of this page whose record cannot be read; their names are those in the records. */
  readonly damaged: readonly DamagedRecord[];
  /** There is more after this name; undefined on the last page. */
  readonly next?: string;
}

/** Whether a value is one of the live ones, and of which version. */
export type Verdict = { readonly valid: true; readonly version: number } | {
  readonly valid: false;
  readonly version: null;
};
