/** Where roles and tokens survive a restart. */

/** What a role's holders may do and how much. */
export interface Role {
  readonly name: string;
  /** Methods, e.g. `decrypt_scores`; unknown names are kept and never match. */
  readonly scope: readonly string[];
  /** Most scores that one call may ask for. */
  readonly topK: number;
  /** `<max>/<window>s`, e.g. `30/60s`; kept as text since a file may hold anything. */
  readonly rateLimit: string;
}

/** One person's access. Dates are `YYYY-MM-DD`, kept as text since a file may hold anything. */
export interface Token {
  readonly user: string;
  readonly token: string;
  readonly role: string;
  readonly issuedAt: string;
  /** Last day on which the token is good; absent: never expires. */
  readonly expires?: string;
}

/** Both lists in the order in which they are listed and written. */
export interface State {
  readonly roles: readonly Role[];
  readonly tokens: readonly Token[];
}

export interface StateStore {
  /**
   * The stored state, or undefined when there is none; what is missing of it comes with its defaults. Throws with file,
   * line and field when it is not valid.
   */
  load(): Promise<State | undefined>;
  /** Resolves when the whole state would survive a power cut; rejects with the old state intact where the write failed. */
  save(state: State): Promise<void>;
}
