import { fileURLToPath } from "node:url";

/** The repository's root, with a slash at the end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Where releases go unless told otherwise. */
export const DIST = `${ROOT}dist`;
