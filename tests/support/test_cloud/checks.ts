import { isDeepStrictEqual } from "node:util";

/** A decoded message: only the fields that were on the wire, by their names in the .proto file. */
export type CloudMessage = { readonly [field: string]: unknown };

export type Rpc = keyof typeof HEADER_TYPES;

/** MessageType of each method's request header. */
const HEADER_TYPES = {
  register_key: 130,
  create_index: 220,
  get_index_list: 221,
  delete_index: 225,
  get_key_list: 230,
  delete_key: 231,
  load_key: 232,
  unload_key: 233,
  get_metadata: 240,
} as const;

/** What a request may hold beside its header. */
const FIELDS: Readonly<Record<Rpc, readonly string[]>> = {
  register_key: ["key_info", "key"],
  create_index: ["index_info"],
  get_index_list: [],
  delete_index: ["index_name"],
  get_key_list: [],
  delete_key: ["key_id"],
  load_key: ["key_id"],
  unload_key: ["key_id"],
  get_metadata: ["index_name", "idx", "output_fields"],
};

/** Which call must come before one, on the same connection; null: none has to. */
const BEFORE: Readonly<Partial<Record<Rpc, readonly (Rpc | undefined)[]>>> = {
  get_key_list: [undefined],
  register_key: ["get_key_list"],
  unload_key: ["get_key_list", "register_key", "unload_key"],
  load_key: ["get_key_list", "register_key", "unload_key"],
  get_index_list: ["load_key"],
  create_index: ["get_index_list"],
};

/** The header carries the type and nothing else; the fields are those of the method, all of them. */
export function checkRequest(rpc: Rpc, request: CloudMessage, violations: string[]): void {
  if (!isDeepStrictEqual({ ...request.header as CloudMessage }, { type: HEADER_TYPES[rpc] })) {
    violations.push(`${rpc}: header ${JSON.stringify(request.header)}`);
  }
  const fields = Object.keys(request).filter((name) => name !== "header").sort();
  if (!isDeepStrictEqual(fields, [...FIELDS[rpc]].sort())) violations.push(`${rpc}: fields ${fields}`);
}

export function checkOrder(rpc: Rpc, last: Rpc | undefined, violations: string[]): void {
  if (!BEFORE[rpc]?.includes(last)) violations.push(`${rpc} after ${last ?? "nothing"}`);
}
