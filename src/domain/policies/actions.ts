/** What may be done with a secret, or with a project's (decisions.md section 3, permissions). */
export const ACTIONS = ["read", "list", "create", "update", "delete", "rotate", "verify"] as const;

export type Action = (typeof ACTIONS)[number];

const WORDS: ReadonlyMap<string, readonly Action[]> = new Map<string, readonly Action[]>([
  ...ACTIONS.map((action) => [action, [action]] as const),
  ["write", ["create", "update", "rotate"]],
  ["*", ACTIONS],
]);

/** The actions that a word of a policy stands for; undefined for an unknown one. Case matters. */
export function actionsOf(word: string): readonly Action[] | undefined {
  return WORDS.get(word);
}

export function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

/** For messages. */
export const ACTION_WORDS: string = [...WORDS.keys()].join(", ");
