/** How a test tells the fake key-management service what to do. @module */

export type FaultKind =
  | { readonly kind: "error"; readonly type: string; readonly status: number; readonly message?: string }
  /** The connection is cut before an answer. */
  | { readonly kind: "disconnect" }
  /** No answer at all. */
  | { readonly kind: "hang" }
  /** Status 200 and this body. */
  | { readonly kind: "garbage"; readonly body: string };

/** Befalls the next calls, of one operation or of any. */
export type Fault = FaultKind & {
  readonly operation?: string;
  /** 1 by default. */
  readonly times?: number;
};

export type Control =
  | { readonly command: "createKey" | "takeLog" }
  | { readonly command: "rotate"; readonly keyId: string; readonly at: number }
  | {
    readonly command: "setState";
    readonly keyId: string;
    readonly state: "Enabled" | "Disabled" | "Forgotten";
  }
  | { readonly command: "fault"; readonly fault: Fault }
  | {
    readonly command: "configure";
    readonly clockOffsetSeconds?: number;
    readonly roleLivesSeconds?: number;
    readonly pageSize?: number;
  };

export interface LoggedCall {
  readonly operation: string;
  readonly accessKeyId: string;
  readonly isSigned: boolean;
  /** What was asked, of a request whose signature is good. */
  readonly input: Readonly<Record<string, unknown>>;
}
