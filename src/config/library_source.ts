import { fileURLToPath } from "node:url";

/** The native library that `init` copies into an install; src/release/ writes another place into what it builds. */
export const LIBRARY_SOURCE = fileURLToPath(new URL("../../ffi/build/libenvector.so", import.meta.url));
