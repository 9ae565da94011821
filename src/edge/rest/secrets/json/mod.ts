export { type Encodable, encodeJson } from "./encode_json.ts";
export { JsonText, type JsonValue, wipeJson } from "./json_text.ts";
export { JsonError, parseJson } from "./parse_json.ts";
