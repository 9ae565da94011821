import { VaultError } from "#errors/mod.ts";
import type { Permissions } from "#permissions/mod.ts";

/** Kinds that a serving daemon has no use for at all. */
const GIVEN_UP = ["ffi", "env", "import", "sys", "run"] as const;
const ALL_KINDS = [...GIVEN_UP, "read", "write", "net"] as const;

/**
 * Gives up every permission but those to keep, for good: Deno grants none again without asking, and nobody is asked.
 * Listeners, opened files and the opened library go on working.
 *
 * @param granted What the process was started with.
 * @throws {VaultError} when more is still granted than should be: better no vault than one that is not sealed.
 */
export function seal(granted: Permissions, kept: Permissions): void {
  for (const name of GIVEN_UP) Deno.permissions.revokeSync({ name });
  for (const name of ["read", "write"] as const) {
    for (const path of withoutKept(granted[name], kept[name])) Deno.permissions.revokeSync({ name, path });
  }
  for (const host of withoutKept(granted.net, kept.net)) Deno.permissions.revokeSync({ name: "net", host });
  // The whole kind where nothing of it is left to keep: the process may have been given more than it was meant to.
  if (!kept.net.some((host) => isGranted({ name: "net", host }))) Deno.permissions.revokeSync({ name: "net" });
  checkSealed(granted, kept);
}

/** Of what was granted at start, what the process may still do. */
export function permissionsInForce(granted: Permissions): Record<string, readonly string[]> {
  return {
    net: granted.net.filter((host) => isGranted({ name: "net", host })),
    read: granted.read.filter((path) => isGranted({ name: "read", path })),
    write: granted.write.filter((path) => isGranted({ name: "write", path })),
    ffi: granted.ffi.filter((path) => isGranted({ name: "ffi", path })),
    run: granted.run.filter((command) => isGranted({ name: "run", command })),
    env: granted.env.filter((variable) => isGranted({ name: "env", variable: variable.replace("*", "X") })),
    sys: isGranted({ name: "sys" }) ? ["all"] : [],
    import: isGranted({ name: "import" }) ? ["all"] : [],
  };
}

function checkSealed(granted: Permissions, kept: Permissions): void {
  const unlimited = ALL_KINDS.filter((name) => isGranted({ name }));
  const left = Object.entries(permissionsInForce(granted)).flatMap(([kind, values]) =>
    withoutKept(values, kept[kind as keyof Permissions] ?? []).map((value) => `${kind} ${value}`)
  );
  if (unlimited.length + left.length === 0) return;
  throw new VaultError(
    "FAILED_PRECONDITION",
    `the daemon cannot be sealed, it would keep ${[...unlimited, ...left].join(", ")}: ` +
      "start it with the permissions that 'runevault daemon start' gives it",
  );
}

function withoutKept(values: readonly string[], kept: readonly string[]): string[] {
  return values.filter((value) => !kept.includes(value));
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
