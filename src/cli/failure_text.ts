import { messageOf } from "#errors/mod.ts";

/** Deno's words for what the process may not do; they advise flags that nobody who runs runevault gives. */
const REFUSAL = /Requires (\w+) access to (".*?"|.*?), run again with the --allow-[\w-]+ flag/;
const DOINGS: Readonly<Record<string, string>> = { read: "read", write: "write", net: "connect to", run: "run" };
/** Flags of an executable are fixed when it is built (src/release/release_permissions.ts). */
const FIXED = "this executable was built with the permissions of its install directory alone: " +
  "work there, or use the runevault of the package";

/** What a command says when it fails. */
export function failureText(reason: unknown, isExecutable: boolean): string {
  const message = messageOf(reason), refusal = REFUSAL.exec(message);
  if (!refusal) return message;
  const [whole, kind, target] = refusal;
  if (kind === "all") return message.replace(whole, `Deno lets no program touch ${target}`);
  const text = message.replace(whole, `no permission to ${DOINGS[kind] ?? `use ${kind}`} ${target}`);
  return isExecutable ? `${text}; ${FIXED}` : text;
}
