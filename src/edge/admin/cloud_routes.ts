import { type CloudControl, type CloudState, OFFLINE_TEXT } from "#domain/cloud/mod.ts";
import type { Reply } from "./reply.ts";
import type { Route } from "./router.ts";

/** What of the cloud's configuration is told; none of it is secret. */
export interface CloudNames {
  /** `host:port`; empty: offline. */
  readonly endpoint: string;
  readonly keyId: string;
  /** Empty: no team index. */
  readonly index: string;
}

export interface CloudAdmin {
  readonly control: CloudControl;
  readonly names: CloudNames;
}

/** `/cloud`: the state, and the sequence on demand. */
export function cloudRoutes({ control, names }: CloudAdmin): Route[] {
  return [
    { method: "GET", path: ["cloud"], handle: () => ({ status: 200, body: cloudBody(names, control.state) }) },
    {
      method: "POST",
      path: ["cloud", "register"],
      handle: async ({ json }) => {
        await json(); // its content is ignored, but it has to be JSON
        return registeredReply(names, await control.register());
      },
    },
  ];
}

/** A state as JSON; times in RFC 3339. */
export function cloudBody({ endpoint, keyId, index }: CloudNames, state: CloudState) {
  return { state: state.kind, ...detailsOf(state), endpoint, key_id: keyId, index };
}

function detailsOf(state: CloudState) {
  switch (state.kind) {
    case "offline":
      return { why: OFFLINE_TEXT };
    case "registered":
      return { since: new Date(state.since).toISOString() };
    case "failed":
      return { failure: state.failure, why: state.why, next_try: new Date(state.nextTryAt).toISOString() };
    case "registering":
      return { ...state.lastFailure };
  }
}

/** Only a registered vault is a success; the refusals carry the state too. */
function registeredReply(names: CloudNames, state: CloudState): Reply {
  const body = cloudBody(names, state);
  if (state.kind === "registered") return { status: 200, body };
  if (state.kind === "failed") return { status: 502, body: { error: state.why, ...body } };
  return { status: 409, body: { error: state.kind === "offline" ? OFFLINE_TEXT : "the vault is stopping", ...body } };
}
