import type { CloudJson } from "#edge/admin/admin_client.ts";
import { printable } from "./printable.ts";

/** Where the vault stands with the cloud, in one line. */
export function cloudText(cloud: CloudJson): string {
  const { state, endpoint, failure, why = "", next_try } = cloud;
  switch (state) {
    case "offline":
      return "offline — no endpoint or no API key is configured";
    case "registered":
      return `registered (${endpoint})`;
    case "failed":
      return `failed (${FAILURES[failure ?? "local"]}), next try ${next_try}: ${printable(why)}`;
    default:
      return `${state} (${endpoint})` +
        (cloudFailed(cloud) ? `, the last try failed (${FAILURES[failure ?? "local"]}): ${printable(why)}` : "");
  }
}

/** Whether the last try that came to an end has failed. */
export function cloudFailed({ failure }: CloudJson): boolean {
  return failure !== undefined;
}

const FAILURES = {
  rejected: "API key rejected",
  unreachable: "host unreachable",
  refused: "refused by the cloud",
  local: "fault of this vault",
} as const;
