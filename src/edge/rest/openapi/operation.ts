import type { SchemaName } from "./schemas.ts";

/** What answers with a status: a schema of JSON, plain text, or nothing. */
export type Answer = { readonly schema: SchemaName } | { readonly text: string } | { readonly empty: true };

/** One operation as `openapi.json` describes it; the statuses of its surface are added to its own. */
export interface Operation {
  readonly id: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly surface: "v1" | "api" | "open";
  /** The action that the caller's role needs, if any. */
  readonly action?: string;
  readonly body?: SchemaName;
  readonly query?: readonly QueryName[];
  /** Takes `If-Match`. */
  readonly conditional?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
}

export type QueryName = "version" | "prefix" | "limit" | "after" | "project";
