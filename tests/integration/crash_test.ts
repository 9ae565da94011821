import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { type AdminAnswer, AdminApi } from "../support/admin_api.ts";
import { SeededRandom } from "../support/random.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

/** `RUNEVAULT_CRASH_SEED` repeats the choices of a run, not the timing of its processes. */
const SEED = Number(Deno.env.get("RUNEVAULT_CRASH_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const ROUNDS = 200;
const CLIENTS = 4;
/** The daemon lives this long at most after the clients have begun. */
const MAX_LIFE_MS = 120;
/** How many dead tokens are tried over gRPC after each restart, beside the search of the file for all of them. */
const TRIED_DEAD = 5;
const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
/** Stands for a token that nobody has seen yet. */
const NEW_TOKEN = "new";

interface RoleFields {
  readonly scope: readonly string[];
  readonly top_k: number;
  readonly rate_limit: string;
}

interface TokenFields {
  readonly token: string;
  readonly role: string;
}

/** What one client's users and roles are; no two clients share any. */
interface Facts {
  readonly tokens: ReadonlyMap<string, TokenFields>;
  readonly roles: ReadonlyMap<string, RoleFields>;
}

/** One request with what it must lead to. */
interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
  /** @param token What the answer told; NEW_TOKEN when there was no answer. */
  readonly after: (token: string) => Facts;
}

const set = <V>(map: ReadonlyMap<string, V>, key: string, value: V) => new Map(map).set(key, value);

function without<V>(map: ReadonlyMap<string, V>, key: string): Map<string, V> {
  return new Map([...map].filter(([other]) => other !== key));
}

/** Makes changes one after another and knows at any time what was acknowledged. */
class Client {
  facts: Facts = { tokens: new Map(), roles: new Map() };
  /** Sent and not answered. */
  pending: Change | undefined;
  /** Changes that were made, not refused. */
  acknowledged = 0;
  readonly users: readonly string[];
  readonly roles: readonly string[];

  constructor(readonly id: number, readonly random: SeededRandom, readonly book: TokenBook) {
    this.users = ["", "/*", ": ä", " #"].map((end) => `user ${id}${end}`);
    this.roles = ["", "'\"", " \u{1f600}"].map((end) => `role ${id}${end}`);
  }

  /** Goes on until the daemon is gone. */
  async run(api: AdminApi): Promise<void> {
    for (;;) {
      const change = this.pending = this.#chooseWell();
      let answer: AdminAnswer;
      try {
        answer = await api.send(change.method, change.path, change.body);
      } catch {
        return;
      }
      assert.equal(answer.status, change.status, `${change.method} ${change.path}: ${answer.text}`);
      const { token } = answer.body;
      if (token !== undefined) this.book.see(token);
      this.facts = change.after(token);
      this.pending = undefined;
      if (change.status < 300) this.acknowledged += 1;
    }
  }

  /** Mostly something that can be done, now and then something that must be refused. */
  #chooseWell(): Change {
    for (;;) {
      const change = this.#choose();
      if (change.status < 300 || this.random.below(10) === 0) return change;
    }
  }

  #choose(): Change {
    const { random } = this;
    const user = random.pick(this.users), role = random.pick(this.roles);
    const choices = [
      () => this.#issue(user, random.pick([...this.roles, "member"])),
      () => this.#rotate(user),
      () => this.#revoke(user),
      () => this.#create(role),
      () => this.#update(role),
      () => this.#delete(role),
    ];
    return random.pick(choices)();
  }

  #issue(user: string, role: string): Change {
    const { facts } = this, { tokens, roles } = facts;
    const isPossible = !tokens.has(user) && (role === "member" || roles.has(role));
    const after = (token: string) => ({ ...facts, tokens: set(tokens, user, { token, role }) });
    return this.#change("POST", "/tokens", { user, role }, isPossible ? 201 : 400, isPossible ? after : undefined);
  }

  #rotate(user: string): Change {
    const { facts } = this, old = facts.tokens.get(user);
    const after = (token: string) => ({ ...facts, tokens: set(facts.tokens, user, { ...old!, token }) });
    const path = `/tokens/${encodeURIComponent(user)}/rotate`;
    return this.#change("POST", path, {}, old ? 200 : 400, old ? after : undefined);
  }

  #revoke(user: string): Change {
    const { facts } = this, isPossible = facts.tokens.has(user);
    const after = () => ({ ...facts, tokens: without(facts.tokens, user) });
    return this.#change("DELETE", `/tokens/${encodeURIComponent(user)}`, undefined, isPossible ? 200 : 404, after);
  }

  #create(name: string): Change {
    const { facts } = this, isPossible = !facts.roles.has(name), fields = this.#fields();
    const after = () => ({ ...facts, roles: set(facts.roles, name, fields) });
    const body = { name, ...fields };
    return this.#change("POST", "/roles", body, isPossible ? 201 : 400, isPossible ? after : undefined);
  }

  #update(name: string): Change {
    const { facts } = this, old = facts.roles.get(name), { scope, rate_limit } = this.#fields();
    const after = () => ({ ...facts, roles: set(facts.roles, name, { ...old!, scope, rate_limit }) });
    const path = `/roles/${encodeURIComponent(name)}`;
    return this.#change("PUT", path, { scope, rate_limit }, old ? 200 : 400, old ? after : undefined);
  }

  #delete(name: string): Change {
    const { facts } = this, { tokens, roles } = facts;
    const isPossible = roles.has(name) && ![...tokens.values()].some(({ role }) => role === name);
    const after = () => ({ ...facts, roles: without(roles, name) });
    const path = `/roles/${encodeURIComponent(name)}`;
    return this.#change("DELETE", path, undefined, isPossible ? 200 : 400, isPossible ? after : undefined);
  }

  #change(method: string, path: string, body: unknown, status: number, after: Change["after"] = () => this.facts) {
    return { method, path, body, status, after };
  }

  #fields(): RoleFields {
    const { random } = this;
    const scope = ["get_public_key", "decrypt_scores"].filter(() => random.below(2) === 0);
    return {
      scope: [...scope, "decrypt_metadata"],
      top_k: random.below(100),
      rate_limit: `${1 + random.below(99)}/60s`,
    };
  }
}

interface StateFiles {
  readonly tokens: readonly { user: string; token: string; role: string }[];
  readonly roles: Readonly<Record<string, RoleFields>>;
}

function readState(vault: TestVault): StateFiles {
  const read = (name: string) => parse(Deno.readTextFileSync(join(vault.dir, "configs", name)));
  return { tokens: read("tokens.yml").tokens, roles: read("roles.yml").roles };
}

/** The part of the state that is this client's. */
function factsIn({ tokens, roles }: StateFiles, { users, roles: names }: Client): Facts {
  return {
    tokens: new Map(
      tokens.filter(({ user }) => users.includes(user)).map(({ user, token, role }) => [user, { token, role }]),
    ),
    roles: new Map(Object.entries(roles).filter(([name]) => names.includes(name))),
  };
}

/** Every token that anyone was ever told of or that a file ever held. */
class TokenBook {
  readonly #seen = new Set<string>();
  readonly dead: string[] = [];
  readonly #deadSet = new Set<string>();

  /** Whether the facts are the wanted ones, where a wanted NEW_TOKEN stands for any token not seen before. */
  agree(found: Facts, wanted: Facts): boolean {
    const known = [...found.tokens].map(([user, { token, role }]) => {
      const isNew = wanted.tokens.get(user)?.token === NEW_TOKEN && !this.#seen.has(token);
      return [user, { token: isNew ? NEW_TOKEN : token, role }] as const;
    });
    try {
      assert.deepEqual({ tokens: new Map(known), roles: found.roles }, wanted);
      return true;
    } catch {
      return false;
    }
  }

  /** Takes over what is valid now: all others seen so far are dead for good. */
  update(live: readonly string[]): void {
    for (const token of live) assert.ok(!this.#deadSet.has(token), "a dead token is back in tokens.yml");
    for (const token of live) this.#seen.add(token);
    const now = new Set(live);
    for (const token of this.#seen) if (!now.has(token) && !this.#deadSet.has(token)) this.#bury(token);
  }

  /** A token that was told to a client. */
  see(token: string): void {
    this.#seen.add(token);
  }

  #bury(token: string): void {
    this.#deadSet.add(token);
    this.dead.push(token);
  }
}

/** Every acknowledged change is in the files, an unacknowledged one wholly or not at all. */
function checkFiles(state: StateFiles, clients: readonly Client[], book: TokenBook): void {
  for (const client of clients) {
    const { facts, pending } = client, found = factsIn(state, client);
    const possible = pending ? [facts, pending.after(NEW_TOKEN)] : [facts];
    if (!possible.some((wanted) => book.agree(found, wanted))) {
      assert.deepEqual(found, facts, `client ${client.id}, pending: ${pending?.method} ${pending?.path}`);
    }
    client.facts = found;
    client.pending = undefined;
  }
  book.update(state.tokens.map(({ token }) => token));
}

/** The restarted daemon serves what the files hold: it lists it, takes the live tokens and refuses the dead ones. */
async function checkDaemon(vault: TestVault, state: StateFiles, book: TokenBook, random: SeededRandom): Promise<void> {
  const { tokens, roles } = await new AdminApi(vault.socket).lists();
  const ownRoles = Object.entries(state.roles).map(([name, fields]) => ({ name, ...fields }));
  assert.deepEqual(roles, ownRoles);
  assert.deepEqual(
    (tokens as { user: string; role: string }[]).map(({ user, role }) => [user, role]),
    state.tokens.map(({ user, role }) => [user, role]),
  );
  assert.deepEqual([...Deno.readDirSync(join(vault.dir, "configs"))].map(({ name }) => name).sort(), [
    "roles.yml",
    "runevault.conf",
    "tokens.yml",
  ]);
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const codeOf = async (token: string) => {
    const call = client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
    return await call.then(() => "OK", () => refusalOf(call).then(({ code }) => code));
  };
  const dead = [...book.dead.slice(-TRIED_DEAD), ...book.dead.length > 0 ? [random.pick(book.dead)] : []];
  const codes = await Promise.all([...state.tokens.map(({ token }) => token), ...dead].map(codeOf));
  assert.deepEqual(codes, [...state.tokens.map(() => "OK"), ...dead.map(() => "UNAUTHENTICATED")]);
}

async function delay(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test(`${ROUNDS} crashes in the middle of changes lose and revive nothing (seed ${SEED})`, async () => {
  const random = new SeededRandom(SEED), book = new TokenBook();
  const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(i, new SeededRandom(SEED + i + 1), book));
  await using vault = await TestVault.start({ keepFlags: true });
  const api = new AdminApi(vault.socket);
  let interrupted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const work = Promise.all(clients.map((client) => client.run(api)));
    await Promise.race([delay(random.next() * MAX_LIFE_MS), work]);
    await vault.stop("SIGKILL");
    await work;
    interrupted += clients.filter(({ pending }) => pending).length;
    const state = readState(vault);
    checkFiles(state, clients, book);
    await vault.start();
    await checkDaemon(vault, state, book, random);
  }
  const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0);
  console.log(
    `seed ${SEED}: ${acknowledged} changes acknowledged, ${interrupted} cut off, ${book.dead.length} dead tokens`,
  );
  assert.ok(acknowledged > 5 * ROUNDS, `only ${acknowledged} changes`);
});
