import assert from "node:assert/strict";
import { Lockout, type LockoutSettings } from "#domain/lockout/mod.ts";
import { MemoryLockoutStore } from "#domain/lockout/testing.ts";
import { AddressSet } from "#domain/network/mod.ts";
import { ACTIONS, PolicyService } from "#domain/policies/mod.ts";
import { policyFile } from "#domain/policies/testing.ts";
import { openTestService } from "#domain/tokens/testing.ts";
import type { PolicyFile } from "#ports/policy_source.ts";
import type { Token } from "#ports/state_store.ts";
import { AccessGuard, AccessRefusal, type Caller, type Credentials, type RefusalKind } from "./mod.ts";

const INSIDE = "10.0.0.7", OUTSIDE = "198.51.100.7";
const token = (user: string, change: Partial<Token> = {}): Token => ({
  user,
  token: `evt_${user.padStart(32, "0")}`,
  role: "editor",
  issuedAt: "2026-01-01",
  ...change,
});
const PARTS = ["lister", "reader", "writer", "outsider", "barred"];
const TOKENS = [
  token("alice"),
  token("bob"),
  token("late", { expires: "2026-11-21" }),
  token("lost", { role: "gone" }),
  token("slow", { role: "slow" }),
  token("prober", { role: "nobody" }),
  ...PARTS.map((role) => token(role, { role })),
];
const bearer = (user: string): Credentials => ({ authorization: `Bearer ${token(user).token}` });
const pair = (service: string, user = service): Credentials => ({ service, token: token(user).token });
const POLICIES = policyFile({
  editor: ["allow * secret:app:*", "deny read,list secret:app:hidden/*", "deny read secret:app:listed/*"],
});
const KEY = { project: "app", path: "key" };
/** What the roles of PARTS have, in place of POLICIES: no more than a part of the project `app`. */
const PARTIAL = policyFile({
  lister: ["allow list secret:app:prod/*"],
  reader: ["allow read secret:app:prod/*", "allow list secret:other:*"],
  writer: ["allow write secret:app:prod/*"],
  outsider: ["allow * secret:other:*"],
  barred: ["allow * secret:*:*", "deny * secret:app:*"],
});

async function open(settings: Partial<LockoutSettings> = {}) {
  const role = (name: string, rateLimit: string) => ({ name, scope: [], topK: 1, rateLimit });
  const { service: tokens, clock } = await openTestService({
    tokens: TOKENS,
    roles: [
      role("editor", "1000/60s"),
      role("slow", "2/60s"),
      ...["nobody", ...PARTS].map((name) => role(name, "1000/60s")),
    ],
  });
  let file: PolicyFile = POLICIES;
  const policies = await PolicyService.open({
    source: { label: "policies", load: () => Promise.resolve(file) },
    roles: () => tokens.listRoles().map(({ name }) => name),
    log: () => {},
  });
  const lockout = await Lockout.open(
    { maxFailures: 5, windowSeconds: 300, lockoutSeconds: 900, ...settings },
    { store: new MemoryLockoutStore(), clock, log: () => {} },
  );
  const guard = new AccessGuard({
    tokens,
    policies,
    lockout,
    allowedIps: new AddressSet(["10.0.0.0/8"]),
    trustProxy: new AddressSet(["10.0.0.1"]),
  });
  const reload = (next: PolicyFile) => (file = next, policies.reload());
  const failures = (address: string) => lockout.list().find((entry) => entry.address === address)?.failures ?? 0;
  return { guard, tokens, clock, lockout, failures, reload };
}

/** The refusal that the call ends with. */
function refusal(call: () => unknown): AccessRefusal {
  try {
    call();
  } catch (reason) {
    if (reason instanceof AccessRefusal) return reason;
    throw reason;
  }
  throw new assert.AssertionError({ message: "it was let through" });
}
const kind = (call: () => unknown): RefusalKind => refusal(call).kind;

Deno.test("AccessGuard.enter() lets in by bearer token or by user and token, and names the caller", async () => {
  const { guard } = await open();
  for (
    const credentials of [
      bearer("alice"),
      { authorization: `bearer ${token("alice").token}` },
      { authorization: `Bearer   ${token("alice").token} ` },
      pair("alice"),
      { ...bearer("alice"), ...pair("alice") },
      { authorization: "Basic eDp5", ...pair("alice") },
    ]
  ) {
    const { user, role, address } = guard.enter(credentials, "::ffff:10.0.0.7");
    assert.deepEqual({ user, role, address }, { user: "alice", role: "editor", address: INSIDE });
  }
});

const BAD: { name: string; credentials: Credentials; user?: string }[] = [
  { name: "nothing", credentials: {} },
  { name: "an empty header", credentials: { authorization: "" } },
  { name: "an empty token", credentials: { authorization: "Bearer " } },
  { name: "blanks for a token", credentials: { authorization: "Bearer    " } },
  { name: "another scheme", credentials: { authorization: "Basic abc" } },
  { name: "a scheme in capitals", credentials: { authorization: `BEARER ${token("alice").token}` } },
  { name: "a scheme without its blank", credentials: { authorization: `Bearer${token("alice").token}` } },
  { name: "a token without a scheme", credentials: { authorization: token("alice").token } },
  { name: "an unknown token", credentials: { authorization: "Bearer evt_unknown" } },
  { name: "a token in another case", credentials: { authorization: `Bearer ${token("alice").token.toUpperCase()}` } },
  { name: "an expired token", credentials: bearer("late"), user: "late" },
  { name: "a token whose role is gone", credentials: bearer("lost"), user: "lost" },
  { name: "a user without a token", credentials: { service: "alice" } },
  { name: "a token without a user", credentials: { token: token("alice").token } },
  { name: "an empty user", credentials: { service: "", token: token("alice").token } },
  { name: "another user's name", credentials: pair("bob", "alice"), user: "alice" },
  { name: "a user's name in another case", credentials: pair("Alice", "alice"), user: "alice" },
  { name: "an unknown user with a known token", credentials: pair("ghost", "alice"), user: "alice" },
  { name: "a known user with an unknown token", credentials: { service: "alice", token: "evt_x" } },
  { name: "a pattern for a user", credentials: pair("*", "alice"), user: "alice" },
  { name: "two tokens that differ", credentials: { ...bearer("alice"), ...pair("bob") } },
  { name: "a good bearer token beside half a pair", credentials: { ...bearer("alice"), service: "alice" } },
];

for (const { name, credentials, user = "unknown" } of BAD) {
  Deno.test(`AccessGuard.enter() refuses ${name} with the one answer, and counts it`, async () => {
    const { guard, failures } = await open();
    const refused = refusal(() => guard.enter(credentials, OUTSIDE));
    assert.deepEqual(
      [refused.kind, refused.code, refused.message, refused.retryAfterSeconds, refused.user],
      ["unauthenticated", "UNAUTHENTICATED", "unauthorized", undefined, user],
    );
    assert.equal(failures(OUTSIDE), 1);
  });
}

Deno.test("AccessGuard.enter() goes the same way for unknown, expired and half-known callers", async () => {
  const { guard, clock } = await open({ maxFailures: 0 });
  const steps: string[] = [];
  const now = clock.now.bind(clock), monotonic = clock.monotonic.bind(clock);
  clock.now = () => (steps.push("now"), now());
  clock.monotonic = () => (steps.push("monotonic"), monotonic());
  const ways = ["an unknown token", "an expired token", "a known user with an unknown token"].map((name) => {
    steps.length = 0;
    refusal(() => guard.enter(BAD.find((bad) => bad.name === name)!.credentials, OUTSIDE));
    return steps.join();
  });
  assert.match(ways[0], /now/);
  assert.deepEqual(ways, Array(3).fill(ways[0]));
});

Deno.test("AccessGuard.enter() takes slots of the role's rate limit, tells when to come back and counts no failure", async () => {
  const { guard, failures, clock } = await open();
  for (let i = 0; i < 2; i++) guard.enter(bearer("slow"), INSIDE);
  clock.advanceSeconds(20);
  const refused = refusal(() => guard.enter(bearer("slow"), INSIDE));
  assert.deepEqual(
    [refused.kind, refused.code, refused.retryAfterSeconds, refused.user],
    ["rate-limited", "RESOURCE_EXHAUSTED", 40, "slow"],
  );
  assert.equal(failures(INSIDE), 0);
  clock.advanceSeconds(40);
  guard.enter(bearer("slow"), INSIDE);
});

Deno.test("AccessGuard.enter() of another user's name takes no slot of the token's rate limit", async () => {
  const { guard } = await open();
  for (let i = 0; i < 3; i++) kind(() => guard.enter(pair("bob", "slow"), OUTSIDE));
  guard.enter(bearer("slow"), INSIDE);
});

Deno.test("AccessGuard locks an address after five failures, valid tokens included, and says for how long", async () => {
  const { guard, clock } = await open();
  for (let i = 0; i < 5; i++) assert.equal(kind(() => guard.enter({}, OUTSIDE)), "unauthenticated");
  clock.advanceSeconds(0.5);
  const refused = refusal(() => guard.enter(bearer("alice"), OUTSIDE));
  assert.deepEqual(
    [refused.kind, refused.code, refused.message, refused.retryAfterSeconds, refused.user],
    ["locked", "RESOURCE_EXHAUSTED", "too many failed attempts; locked out", 900, "unknown"],
  );
  guard.enter(bearer("alice"), INSIDE);
  clock.advanceSeconds(899.5);
  guard.enter(bearer("alice"), OUTSIDE);
});

Deno.test("AccessGuard keys its lockout on the address, whatever its spelling", async () => {
  const { guard } = await open();
  for (
    const spelling of [
      "198.51.100.7",
      "::ffff:198.51.100.7",
      "::FFFF:c633:6407",
      "198.51.100.7",
      "0:0::ffff:198.51.100.7",
    ]
  ) {
    assert.equal(kind(() => guard.enter({}, spelling)), "unauthenticated");
  }
  assert.equal(kind(() => guard.enter({}, "::ffff:c633:6407")), "locked");
  for (let i = 0; i < 5; i++) kind(() => guard.enter({}, i % 2 ? "2001:db8::1" : "2001:DB8:0:0::0001"));
  assert.equal(kind(() => guard.enter({}, "2001:db8:0::1")), "locked");
});

Deno.test("AccessGuard.clientOf() believes trusted proxies alone, and locks whom they name", async () => {
  const { guard } = await open();
  const client = guard.clientOf("10.0.0.1", ["192.0.2.66, 198.51.100.7"]);
  assert.equal(client, OUTSIDE);
  assert.equal(guard.clientOf(OUTSIDE, ["10.0.0.7"]), OUTSIDE);
  for (let i = 0; i < 5; i++) kind(() => guard.enter({}, client));
  assert.equal(kind(() => guard.enter(bearer("alice"), OUTSIDE)), "locked");
  guard.enter(bearer("alice"), "10.0.0.1");
});

Deno.test("AccessGuard lets a caller without an address in, but not read, and locks nobody for it", async () => {
  const { guard, lockout } = await open();
  for (const client of [undefined, "unknown"]) {
    for (let i = 0; i < 6; i++) assert.equal(kind(() => guard.enter({}, client)), "unauthenticated");
    const caller = guard.enter(bearer("alice"), client);
    guard.check(caller, "create", KEY);
    assert.equal(kind(() => guard.check(caller, "read", KEY)), "forbidden");
  }
  assert.deepEqual(lockout.list(), []);
});

for (
  const { name, action, path, project = "app", want } of [
    { name: "a name that is neither read nor listed", action: "read", path: "hidden/x", want: "hidden" },
    { name: "a name of another project", action: "read", project: "other", path: "x", want: "hidden" },
    { name: "to delete in another project", action: "delete", project: "other", path: "x", want: "hidden" },
    { name: "to read what is only listed", action: "read", path: "listed/x", want: "forbidden" },
  ] as const
) {
  Deno.test(`AccessGuard.check() refuses ${name} as ${want}, and counts it`, async () => {
    const { guard, failures } = await open();
    const caller = guard.enter(bearer("alice"), INSIDE);
    const refused = refusal(() => guard.check(caller, action, { project, path }));
    assert.deepEqual([refused.kind, refused.user], [want, "alice"]);
    assert.equal(refused.code, want === "hidden" ? "NOT_FOUND" : "PERMISSION_DENIED");
    assert.equal(failures(INSIDE), 1);
    assert.equal(guard.may(caller, action, { project, path }), false);
    assert.equal(failures(INSIDE), 1, "may() has no consequences");
  });
}

for (
  const [role, want] of Object.entries({
    lister: "forbidden",
    reader: "forbidden",
    writer: "hidden",
    outsider: "hidden",
    barred: "hidden",
  })
) {
  Deno.test(`AccessGuard.check() refuses a project to a ${role} of a part of it, or of none, as ${want}`, async () => {
    const { guard, failures, reload } = await open();
    await reload(PARTIAL);
    const caller = guard.enter(bearer(role), INSIDE);
    for (const action of ["create", "update"] as const) {
      assert.equal(kind(() => guard.check(caller, action, { project: "app", path: "" })), want);
    }
    assert.equal(failures(INSIDE), 2);
  });
}

for (const action of ACTIONS) {
  const isRead = action === "read" || action === "verify";
  Deno.test(`AccessGuard.check() of ${action} from outside allowed_ips is ${isRead ? "refused" : "let through"}`, async () => {
    const { guard, failures } = await open();
    const inside = guard.enter(bearer("alice"), INSIDE), outside = guard.enter(bearer("alice"), OUTSIDE);
    guard.check(inside, action, KEY);
    assert.equal(guard.may(inside, action, KEY), true);
    assert.equal(guard.may(outside, action, KEY), !isRead);
    if (isRead) assert.equal(kind(() => guard.check(outside, action, KEY)), "forbidden");
    else guard.check(outside, action, KEY);
    assert.equal(failures(OUTSIDE), isRead ? 1 : 0);
  });
}

Deno.test("AccessGuard with empty allowed_ips lets nobody read", async () => {
  const { tokens, lockout } = await open();
  const policies = await PolicyService.open({
    source: { label: "policies", load: () => Promise.resolve(POLICIES) },
    roles: () => ["editor"],
    log: () => {},
  });
  const none = new AddressSet([]);
  const guard = new AccessGuard({ tokens, policies, lockout, allowedIps: none, trustProxy: none });
  for (const address of ["127.0.0.1", "0.0.0.0", "::1", INSIDE]) {
    assert.equal(kind(() => guard.check(guard.enter(bearer("alice"), address), "read", KEY)), "forbidden");
  }
});

Deno.test("AccessGuard forgets failures at a passed check, but not at the sign-in alone", async () => {
  const { guard, failures } = await open();
  for (let i = 0; i < 4; i++) kind(() => guard.enter({}, INSIDE));
  const caller = guard.enter(bearer("alice"), INSIDE);
  assert.equal(failures(INSIDE), 4);
  guard.check(caller, "read", KEY);
  assert.equal(failures(INSIDE), 0);
});

Deno.test("AccessGuard locks a valid caller who keeps trying what is denied", async () => {
  const { guard } = await open();
  for (let i = 0; i < 5; i++) {
    const caller = guard.enter(bearer("prober"), INSIDE);
    assert.equal(kind(() => guard.check(caller, "read", { project: "app", path: `guess-${i}` })), "hidden");
  }
  assert.equal(kind(() => guard.enter(bearer("prober"), INSIDE)), "locked");
});

Deno.test("AccessGuard counts values that do not verify, and forgets at one that does", async () => {
  const { guard, failures } = await open();
  const verify = (isValid: boolean) => {
    const caller = guard.enter(bearer("alice"), INSIDE);
    guard.check(caller, "verify", KEY);
    guard.verified(caller, isValid);
  };
  for (let i = 0; i < 4; i++) verify(false);
  assert.equal(failures(INSIDE), 4);
  verify(true);
  assert.equal(failures(INSIDE), 0);
  for (let i = 0; i < 5; i++) verify(false);
  assert.equal(kind(() => guard.enter(bearer("alice"), INSIDE)), "locked");
});

Deno.test("AccessGuard.visible() shows what may be listed; a caller who may list nothing is refused, not shown nothing", async () => {
  const { guard, failures } = await open();
  const shown = guard.visible(guard.enter(bearer("alice"), OUTSIDE));
  const names = ["key", "hidden/x", "listed/x"].filter((path) => shown({ project: "app", path }));
  assert.deepEqual(names, ["key", "listed/x"]);
  assert.equal(shown({ project: "other", path: "key" }), false);
  const alice = guard.enter(bearer("alice"), OUTSIDE);
  guard.visible(alice, "app");
  assert.equal(kind(() => guard.visible(alice, "other")), "forbidden");
  assert.equal(kind(() => guard.visible(guard.enter(bearer("prober"), OUTSIDE))), "forbidden");
  assert.equal(failures(OUTSIDE), 2);
});

Deno.test("AccessGuard.checkAny() lets through who may read something there, from an allowed address, and counts the rest", async () => {
  const { guard, failures, reload } = await open();
  await reload(PARTIAL);
  const reader = guard.enter(bearer("reader"), INSIDE), lister = guard.enter(bearer("lister"), INSIDE);
  assert.equal(kind(() => guard.checkAny(lister, "read", "app")), "forbidden");
  assert.equal(kind(() => guard.checkAny(lister, "read")), "forbidden");
  assert.equal(kind(() => guard.checkAny(reader, "read", "other")), "forbidden");
  assert.equal(failures(INSIDE), 3);
  guard.checkAny(reader, "read", "app");
  guard.checkAny(reader, "read");
  assert.equal(failures(INSIDE), 0);
  const outside = guard.enter(bearer("reader"), OUTSIDE);
  assert.equal(kind(() => guard.checkAny(outside, "read", "app")), "forbidden");
  assert.equal(failures(OUTSIDE), 1);
  guard.checkAny(guard.enter(bearer("lister"), OUTSIDE), "list", "app");
});

for (const { name, project } of [{ name: "of everything" }, { name: "of one project", project: "app" }]) {
  Deno.test(`AccessGuard forgets failures at a permitted listing ${name}, and counts a refused one`, async () => {
    const { guard, failures } = await open();
    for (let i = 0; i < 4; i++) kind(() => guard.enter({}, INSIDE));
    const alice = guard.enter(bearer("alice"), INSIDE), prober = guard.enter(bearer("prober"), INSIDE);
    assert.equal(guard.mayList(alice, "app"), true);
    assert.equal(failures(INSIDE), 4, "mayList() has no consequences");
    guard.visible(alice, project);
    assert.equal(failures(INSIDE), 0);
    for (let i = 0; i < 5; i++) assert.equal(kind(() => guard.visible(prober, project)), "forbidden");
    assert.equal(kind(() => guard.enter(bearer("alice"), INSIDE)), "locked");
  });
}

Deno.test("AccessGuard: a change of policies, token or role holds for the very next check", async () => {
  const { guard, tokens, reload } = await open();
  const caller: Caller = guard.enter(bearer("alice"), INSIDE);
  guard.check(caller, "read", KEY);
  await reload(policyFile({ editor: ["allow list secret:app:*"] }));
  assert.equal(kind(() => guard.check(caller, "read", KEY)), "forbidden");
  await reload(POLICIES);
  guard.check(caller, "read", KEY);
  const revoking = tokens.revoke("alice");
  assert.equal(kind(() => guard.check(caller, "read", KEY)), "unauthenticated");
  assert.equal(kind(() => guard.visible(caller)), "unauthenticated");
  assert.equal(guard.may(caller, "read", KEY), false);
  assert.equal(kind(() => guard.enter(bearer("alice"), INSIDE)), "unauthenticated");
  await revoking;
});

Deno.test("AccessGuard: a rotated token is another one at once", async () => {
  const { guard, tokens } = await open();
  const caller = guard.enter(bearer("bob"), INSIDE);
  const { token: fresh } = await tokens.rotate("bob");
  assert.equal(kind(() => guard.check(caller, "read", KEY)), "unauthenticated");
  guard.check(guard.enter({ authorization: `Bearer ${fresh}` }, INSIDE), "read", KEY);
});
