import { PayloadError } from "#errors/mod.ts";

/** A secret as edge/admin/secrets/portable_json.ts writes it; the daemon checks it, member by member. */
export type PortableJson = Readonly<Record<string, unknown>>;

/** One source's secret under the name that it gets here. */
export interface SourceSecret {
  /** Its name where it comes from. */
  readonly from: string;
  readonly secret: PortableJson;
}

/** What a source holds. */
export interface NamedImport {
  readonly projects: readonly { readonly name: string; readonly description: string | null }[];
  /** The one that its clients take when they name none. */
  readonly defaultProject?: string;
  readonly secrets: readonly SourceSecret[];
}

/** @throws {PayloadError} */
export function objectIn(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new PayloadError(`${what} is no JSON object`);
}

/** @throws {PayloadError} which quotes nothing: V8's own text would. */
export function jsonIn(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PayloadError(`${what} is not JSON`);
  }
}
