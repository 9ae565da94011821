/** The HTTP interface's description of itself. @module */
export { openApiDocument } from "./document.ts";
