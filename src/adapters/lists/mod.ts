/** Lists that people keep in CSV or YAML files. @module */
export type { Row } from "./csv_rows.ts";
export { readRows } from "./read_rows.ts";
