import assert from "node:assert/strict";
import { bytes, refusal, TestEngine, textOf } from "../../../tests/support/secret_engine.ts";
import {
  exportPage,
  type ImportStore,
  parseAddress,
  type PortableSecret,
  SecretImport,
  SecretImports,
  wipePortable,
} from "./mod.ts";

const A = parseAddress("db/app");

function importOf(test: TestEngine, keepVersions = 10): SecretImport {
  return new SecretImport({ store: test.store, sealer: test.sealer, clock: test.clock, keepVersions });
}

function portable(name: string, changes: Partial<PortableSecret> = {}): PortableSecret {
  const material = { format: "opaque", value: bytes(`value of ${name}`) } as const;
  return {
    address: parseAddress(name),
    kind: "manual",
    format: "opaque",
    description: null,
    rotationIntervalSeconds: null,
    graceSeconds: 0,
    nextRotationAt: null,
    currentVersion: 3,
    createdAt: 1000,
    updatedAt: 2000,
    updatedBy: "bob",
    versions: [{ version: 3, createdAt: 2000, createdBy: "bob", expiresAt: null, material }],
    ...changes,
  };
}

Deno.test("exportPage() and SecretImport carry a project with its history to another vault", async () => {
  await using from = new TestEngine();
  await using to = new TestEngine();
  (await from.engine.create(A, { kind: "manual", value: bytes("one"), graceSeconds: 60 }, "alice"))[Symbol.dispose]();
  from.clock.seconds = 1100;
  await from.engine.update(A, { value: bytes("two"), description: "d" }, "bob");
  const pair = { kind: "automatic", username: bytes("u"), rotationIntervalSeconds: 60 } as const;
  (await from.engine.create(parseAddress("db/x/y"), pair, "alice"))[Symbol.dispose]();
  (await from.engine.create(parseAddress("other/x"), { kind: "manual", value: bytes("no") }, "a"))[Symbol.dispose]();

  const staged = importOf(to);
  staged.addProject({ name: "db", description: "data", at: 5, actor: "admin" });
  using page = await exportPage(from.engine, "db");
  assert.equal(page.next, undefined);
  for (const secret of page.secrets) await staged.stage(secret);
  assert.deepEqual(await to.store.listSecrets({ prefix: "", after: "", limit: 9 }), [], "nothing before commit");
  assert.deepEqual(await staged.commit("fail", "admin"), {
    created: 2,
    updated: 0,
    skipped: 0,
    projects: { db: 2 },
    versions: 3,
    droppedVersions: 0,
    defaultProject: null,
  });

  to.clock.seconds = 1100;
  for (const path of ["db/app", "db/x/y"]) {
    const { id: _a, revision: _b, ...was } = await from.engine.describe(parseAddress(path));
    const { id: _c, revision: _d, ...is } = await to.engine.describe(parseAddress(path));
    assert.deepEqual(is, was);
    assert.equal(textOf(await to.engine.get(is)), textOf(await from.engine.get(was)));
  }
  assert.equal(textOf(await to.engine.get(A, 1)), "one");
  assert.deepEqual(await to.engine.verify(A, bytes("one")), { valid: true, version: 1 }, "still in grace");
  assert.equal((await to.engine.projects.get("db")).description, "data");
});

Deno.test("exportPage() comes to an end in pages, each secret once, and wipes what it gave", async () => {
  await using test = new TestEngine();
  const staged = importOf(test), names = Array.from({ length: 123 }, (_, i) => `p/s${String(i).padStart(3, "0")}`);
  for (const name of names) await staged.stage(portable(name));
  await staged.commit("fail", "admin");
  const seen: string[] = [];
  let after: string | undefined, pages = 0;
  do {
    const page = await exportPage(test.engine, "p", after);
    const [{ versions: [{ material }] }] = page.secrets;
    seen.push(...page.secrets.map(({ address: { project, path } }) => `${project}/${path}`));
    page[Symbol.dispose]();
    assert.ok(material.format === "opaque" && material.value.every((byte) => byte === 0));
    after = page.next;
    pages++;
  } while (after);
  assert.deepEqual(seen, names);
  assert.equal(pages, 3);
});

Deno.test("exportPage() refuses a project with a damaged record", async () => {
  await using test = new TestEngine();
  (await test.engine.create(A, { kind: "manual", value: bytes("one") }, "a"))[Symbol.dispose]();
  const { engine } = test;
  const damaged = {
    list: () => Promise.resolve({ secrets: [], damaged: [{ name: "db/app", damage: new Error("lost") }] }),
  };
  await assert.rejects(exportPage(Object.assign(Object.create(engine), damaged), "db"), /^Error: lost$/);
});

const NOTHING_ELSE = { droppedVersions: 0, defaultProject: null };
for (
  const { rule, want, value, version } of [
    {
      rule: "skip",
      want: { created: 1, updated: 0, skipped: 1, projects: { db: 1 }, versions: 1, ...NOTHING_ELSE },
      value: "mine",
      version: 1,
    },
    {
      rule: "new-version",
      want: { created: 1, updated: 1, skipped: 0, projects: { db: 2 }, versions: 2, ...NOTHING_ELSE },
      value: "value of db/app",
      version: 2,
    },
  ] as const
) {
  Deno.test(`SecretImport.commit() with ${rule} treats a secret that is there already as told`, async () => {
    await using test = new TestEngine();
    const mine = { kind: "manual", value: bytes("mine"), graceSeconds: 60, description: "kept" } as const;
    (await test.engine.create(A, mine, "alice"))[Symbol.dispose]();
    const staged = importOf(test);
    for (const name of ["db/app", "db/new"]) await staged.stage(portable(name));
    assert.deepEqual(await staged.commit(rule, "admin"), want);
    const opened = await test.engine.get(A);
    assert.deepEqual([opened.version.version, opened.secret.description], [version, "kept"]);
    assert.equal(textOf(opened), value);
    assert.equal((await test.engine.verify(A, bytes("mine"))).version, 1, "the old value in its grace, or the current");
    assert.equal(textOf(await test.engine.get(parseAddress("db/new"))), "value of db/new");
  });
}

Deno.test("SecretImport.commit() writes nothing when one secret is there already, and says the way out", async () => {
  await using test = new TestEngine();
  (await test.engine.create(A, { kind: "manual", value: bytes("mine") }, "alice"))[Symbol.dispose]();
  const staged = importOf(test);
  staged.addProject({ name: "fresh", description: null, at: 1, actor: "admin" });
  for (const name of ["aa/x", "db/app", "zz/x"]) await staged.stage(portable(name));
  assert.match(
    await refusal(staged.commit("fail", "admin")),
    /^ALREADY_EXISTS 1 of 3 .*'secret:db:app'.*--on-conflict/,
  );
  assert.deepEqual((await test.engine.list()).secrets.map(({ path }) => path), ["app"]);
  assert.deepEqual((await test.engine.projects.list()).projects.map(({ name }) => name), ["db"]);
});

Deno.test("SecretImport.commit() writes nothing when a secret changes between plan and transaction", async () => {
  await using test = new TestEngine();
  (await test.engine.create(A, { kind: "manual", value: bytes("mine") }, "alice"))[Symbol.dispose]();
  const { store } = test;
  const overtaken: ImportStore = {
    findSecret: (...args) => store.findSecret(...args),
    readVersion: (...args) => store.readVersion(...args),
    findProject: (...args) => store.findProject(...args),
    async importSecrets(...args) {
      await test.engine.update(A, { value: bytes("faster") }, "bob");
      await store.importSecrets(...args);
    },
  };
  const staged = new SecretImport({ store: overtaken, sealer: test.sealer, clock: test.clock, keepVersions: 10 });
  for (const name of ["aa/x", "db/app"]) await staged.stage(portable(name));
  assert.match(await refusal(staged.commit("new-version", "admin")), /^ABORTED/);
  assert.equal(textOf(await test.engine.get(A)), "faster");
  assert.deepEqual((await test.engine.list()).secrets.map(({ path }) => path), ["app"]);
});

Deno.test("SecretImport.stage() compares each value with what it sealed", async () => {
  await using test = new TestEngine({
    wrapSealer: (sealer) => ({
      seal: (name, version, _plaintext) => sealer.seal(name, version, bytes("something else")),
      open: (...args) => sealer.open(...args),
    }),
  });
  assert.match(
    await refusal(importOf(test).stage(portable("db/app"))),
    /^INTERNAL 'secret:db:app' was not sealed right/,
  );
});

Deno.test("SecretImport.commit() says so when the store does not give back what it was given", async () => {
  await using test = new TestEngine();
  const { store } = test;
  const lossy: ImportStore = {
    findSecret: (...args) => store.findSecret(...args),
    readVersion: (...args) => store.readVersion(...args),
    findProject: (...args) => store.findProject(...args),
    importSecrets: (secrets) =>
      store.importSecrets(secrets.map((secret) => ({
        ...secret,
        versions: secret.versions.map((version) => {
          const ciphertext = version.sealed.ciphertext.slice();
          ciphertext[0] ^= 1;
          return { ...version, sealed: { ...version.sealed, ciphertext } };
        }),
      }))),
  };
  const staged = new SecretImport({ store: lossy, sealer: test.sealer, clock: test.clock, keepVersions: 10 });
  await staged.stage(portable("db/app"));
  assert.match(
    await refusal(staged.commit("fail", "admin")),
    /^INTERNAL 'secret:db:app' version 3 is not in the store/,
  );
});

const OPAQUE = { format: "opaque", value: bytes("v") } as const;
const CURRENT = { version: 3, createdAt: 2000, createdBy: "bob", expiresAt: null, material: OPAQUE };
for (
  const { name, changes, want } of [
    {
      name: "no current version",
      changes: { versions: [{ ...CURRENT, version: 2, expiresAt: 5 }] },
      want: /current one is missing/,
    },
    { name: "a version twice", changes: { versions: [CURRENT, CURRENT] }, want: /twice/ },
    {
      name: "a version from the future",
      changes: { versions: [CURRENT, { ...CURRENT, version: 4, expiresAt: 1 }] },
      want: /cannot be/,
    },
    {
      name: "two current versions",
      changes: { versions: [CURRENT, { ...CURRENT, version: 2 }] },
      want: /end of grace/,
    },
    { name: "another format", changes: { format: "userpass" as const }, want: /another format/ },
    {
      name: "an empty value",
      changes: { versions: [{ ...CURRENT, material: { ...OPAQUE, value: bytes("") } }] },
      want: /must not be empty/,
    },
    {
      name: "an automatic one without an interval",
      changes: { kind: "automatic" as const },
      want: /without an interval/,
    },
    { name: "a negative grace", changes: { graceSeconds: -1 }, want: /grace_period_secs/ },
    { name: "a time beyond the calendar", changes: { createdAt: 9e15 }, want: /calendar/ },
    { name: "a manual one with a next rotation", changes: { nextRotationAt: 5 }, want: /next rotation/ },
  ]
) {
  Deno.test(`SecretImport.stage() refuses ${name}, naming the secret`, async () => {
    await using test = new TestEngine();
    const message = await refusal(importOf(test).stage(portable("db/app", changes)));
    assert.match(message, /^INVALID_ARGUMENT 'secret:db:app': /);
    assert.match(message, want);
  });
}

Deno.test("SecretImport.stage() keeps the versions that are readable here or in grace", async () => {
  await using test = new TestEngine();
  const version = (number: number, expiresAt: number | null) => ({ ...CURRENT, version: number, expiresAt });
  const staged = importOf(test, 2);
  const versions = [version(5, null), version(4, 1), version(3, 5000), version(2, 1)];
  await staged.stage(portable("db/app", { currentVersion: 5, versions }));
  assert.equal((await staged.commit("fail", "admin")).versions, 3);
  assert.deepEqual((await test.store.listVersions(A))?.map(({ version }) => version), [5, 4, 3]);
});

Deno.test("SecretImport.commit() counts the versions that new secrets do not get", async () => {
  await using test = new TestEngine();
  const versions = [1, 2, 3, 4, 5].map((version) => ({ ...CURRENT, version, expiresAt: version < 5 ? 500 : null }));
  (await test.engine.create(A, { kind: "manual", value: bytes("mine") }, "alice"))[Symbol.dispose]();
  const staged = importOf(test, 2);
  for (const name of ["db/app", "db/new"]) await staged.stage(portable(name, { currentVersion: 5, versions }));
  const { created, skipped, droppedVersions } = await staged.commit("skip", "admin");
  assert.deepEqual([created, skipped, droppedVersions], [1, 1, 3]);
  assert.equal((await test.store.listVersions(parseAddress("db/new")))?.length, 2);
});

Deno.test("SecretImport.commit() tells whether the default project that came is it now", async () => {
  await using test = new TestEngine();
  const commit = async (name: string, defaultProject?: string) => {
    const staged = importOf(test);
    staged.addProject({ name, description: null, at: 5, actor: "admin" });
    return (await staged.commit("fail", "admin", { defaultProject })).defaultProject;
  };
  assert.deepEqual([await commit("none"), await commit("app", "app"), await commit("shop", "shop")], [
    null,
    "app",
    null,
  ]);
  assert.equal((await test.engine.projects.get("shop")).isDefault, false);
  assert.match(await refusal(commit("a", "b")), /^INVALID_ARGUMENT 'b' is no project of this import/);
});

Deno.test("SecretImports lets four be under way, each to its owner, and gives up those that were left", async () => {
  await using test = new TestEngine();
  const imports = new SecretImports({ ...test, keepVersions: 10 });
  const ids = [1, 2, 3, 4].map(() => imports.begin());
  assert.equal(new Set(ids).size, 4);
  assert.throws(() => imports.begin(), /4 imports are under way/);
  imports.end(ids[0]);
  assert.throws(() => imports.get(ids[0]), /no such import/);
  imports.begin();
  test.clock.seconds += 61;
  imports.begin();
  assert.throws(() => imports.get(ids[1]), /no such import/);
});

Deno.test("wipePortable() zeroes every version", () => {
  const secret = portable("db/app", {
    versions: [{ ...CURRENT, material: { format: "opaque", value: bytes("abc") } }],
  });
  wipePortable(secret);
  assert.deepEqual(secret.versions[0].material, { format: "opaque", value: new Uint8Array(3) });
});
