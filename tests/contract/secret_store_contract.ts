/** What every SecretStore promises, as tests. @module */
import assert from "node:assert/strict";
import { parseAddress } from "#domain/secrets/mod.ts";
import type {
  ImportedSecret,
  NewSecret,
  SealedValue,
  SecretChange,
  SecretRecord,
  SecretStore,
} from "#ports/secret_store.ts";
import { refusal } from "../support/secret_engine.ts";

/** An empty store that is closed and gone when it is disposed of. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: SecretStore;
  /** A path for a snapshot; undefined where the store cannot write any. */
  readonly snapshotPath?: string;
}

type Case = (store: SecretStore, test: StoreUnderTest) => Promise<void>;

const A = parseAddress("db/a"), B = parseAddress("db/b"), ABSENT = parseAddress("db/absent");

/** Not a real sealed value: a store must not care. */
export function sealedAs(text: string, rest: Partial<SealedValue> = {}): SealedValue {
  const bytes = new TextEncoder().encode(text);
  return {
    algorithm: "xchacha20-poly1305",
    keyId: "local",
    wrappedKey: Uint8Array.of(1, ...bytes),
    nonce: Uint8Array.of(2, ...bytes),
    ciphertext: Uint8Array.of(3, ...bytes),
    aad: Uint8Array.of(4, ...bytes),
    wrappedRotationAt: null,
    ...rest,
  };
}

export function fresh(address = A, rest: Partial<NewSecret> = {}): NewSecret {
  return {
    address,
    kind: "manual",
    format: "opaque",
    description: null,
    rotationIntervalSeconds: null,
    graceSeconds: 0,
    nextRotationAt: null,
    sealed: sealedAs("1"),
    at: 1_000_123,
    actor: "alice",
    ...rest,
  };
}

export function changed(secret: SecretRecord, rest: Partial<SecretChange> = {}): SecretChange {
  const { description, rotationIntervalSeconds, graceSeconds, nextRotationAt } = secret;
  const settings = { description, rotationIntervalSeconds, graceSeconds, nextRotationAt };
  return { secret, ...settings, at: 2_000_456, actor: "bob", ...rest };
}

function next(text: string, expiresAt: number, keepVersions = 10): SecretChange["next"] {
  return { sealed: sealedAs(text), expiresAt, keepVersions };
}

/** Every field at a value of its own, none of them the default. */
const FULL: Partial<NewSecret> = {
  kind: "automatic",
  format: "userpass",
  description: "déscription \u{1f600}",
  rotationIntervalSeconds: Number.MAX_SAFE_INTEGER,
  graceSeconds: 7,
  nextRotationAt: 253_402_300_799,
  sealed: sealedAs("x", { algorithm: "aes-256-gcm", keyId: "arn:aws:kms:key/1", wrappedRotationAt: 5 }),
};

const CASES: Readonly<Record<string, Case>> = {
  "gives back a secret as it was created, each field": async (store) => {
    const created = await store.createSecret(fresh(A, FULL));
    const { address: _a, sealed, at, actor, ...settings } = fresh(A, FULL);
    const { id, ...record } = created;
    assert.ok(Number.isSafeInteger(id));
    const times = { createdAt: at, updatedAt: at, updatedBy: actor };
    assert.deepEqual(record, { project: "db", path: "a", ...settings, ...times, currentVersion: 1, revision: 1 });
    assert.deepEqual(await store.findSecret(A), created);
    const read = await store.readVersion(A);
    assert.deepEqual(read, {
      secret: created,
      version: { version: 1, sealed: { ...sealed }, createdAt: at, createdBy: actor, expiresAt: null },
    });
  },
  "refuses a text that would not come back as it was": async (store) => {
    const secret = await store.createSecret(fresh(B));
    for (const description of ["a\0b", "\ud83d"]) {
      assert.match(await refusal(store.createSecret(fresh(A, { description }))), /^INVALID_ARGUMENT a text must not/);
      assert.match(await refusal(store.changeSecret(changed(secret, { description }))), /^INVALID_ARGUMENT/);
      const project = { name: "p", description, at: 1, actor: "a" };
      assert.match(await refusal(store.createProject(project)), /^INVALID_ARGUMENT/);
    }
    assert.deepEqual((await store.listSecrets({ prefix: "", after: "", limit: 9 })).map(({ record }) => record), [
      secret,
    ]);
  },
  "knows nothing that was not created": async (store) => {
    for (
      const answer of [
        store.findSecret(ABSENT),
        store.readVersion(ABSENT),
        store.readLive(ABSENT, 0),
        store.listVersions(ABSENT),
        store.findProject("absent"),
        store.readRewrapState(),
      ]
    ) assert.equal(await answer, undefined);
    assert.deepEqual(await store.listSecrets({ prefix: "", after: "", limit: 10 }), []);
    assert.deepEqual([await store.listProjects(), await store.countWrappings(), await store.scanVersions(9)], [
      [],
      [],
      [],
    ]);
  },
  "creates a name once": async (store) => {
    const results = await Promise.all(
      [fresh(), fresh(), fresh(B)].map((secret) => refusal(store.createSecret(secret))),
    );
    assert.deepEqual(results, ["OK", "ALREADY_EXISTS Secret 'secret:db:a' already exists", "OK"]);
  },
  "makes the project of the first secret, and leaves one that is there": async (store) => {
    const project = await store.createProject({ name: "db", description: "d", at: 5, actor: "carol" });
    await store.createSecret(fresh());
    assert.deepEqual(await store.findProject("db"), project);
    await store.createSecret(fresh(parseAddress("x")));
    const made = await store.findProject("default");
    assert.deepEqual([made?.createdAt, made?.createdBy, made?.description], [1_000_123, "alice", null]);
  },
  "makes a version and ends the one before": async (store) => {
    const first = await store.createSecret(fresh());
    const second = await store.changeSecret(changed(first, { next: next("2", 2100) }));
    assert.deepEqual([second.currentVersion, second.updatedAt, second.updatedBy], [2, 2_000_456, "bob"]);
    assert.deepEqual([second.createdAt, second.id], [first.createdAt, first.id]);
    assert.ok(second.revision > first.revision);
    assert.deepEqual((await store.listVersions(A))?.map((version) => Object.values(version)), [
      [2, 2_000_456, "bob", null, "xchacha20-poly1305", "local"],
      [1, 1_000_123, "alice", 2100, "xchacha20-poly1305", "local"],
    ]);
    assert.deepEqual((await store.readVersion(A, 1))?.version?.sealed, sealedAs("1"));
    assert.deepEqual((await store.readVersion(A))?.version?.sealed, sealedAs("2"));
    assert.equal((await store.readVersion(A, 3))?.version, undefined);
  },
  "reads as live the current version and those in grace, newest first": async (store) => {
    let secret = await store.createSecret(fresh());
    for (const [text, end] of [["2", 300], ["3", 100], ["4", 200]] as const) {
      secret = await store.changeSecret(changed(secret, { next: next(text, end) }));
    }
    const live = async (now: number) => (await store.readLive(A, now))?.versions.map(({ version }) => version);
    assert.deepEqual(await Promise.all([99, 100, 199, 200, 299, 300].map(live)), [
      [4, 3, 2, 1],
      [4, 3, 1],
      [4, 3, 1],
      [4, 1],
      [4, 1],
      [4],
    ]);
  },
  "changes settings without a version": async (store) => {
    const first = await store.createSecret(fresh());
    const second = await store.changeSecret(changed(first, { description: "d", graceSeconds: 9, nextRotationAt: 4 }));
    assert.deepEqual(await store.findSecret(A), second);
    assert.deepEqual([second.description, second.graceSeconds, second.nextRotationAt, second.currentVersion], [
      "d",
      9,
      4,
      1,
    ]);
    assert.equal((await store.listVersions(A))?.length, 1);
  },
  "lets one of many changes of the same state through": async (store) => {
    const first = await store.createSecret(fresh());
    const changes = [{ next: next("2", 0) }, { description: "d" }, { next: next("3", 0) }];
    const results = await Promise.all(changes.map((rest) => refusal(store.changeSecret(changed(first, rest)))));
    assert.deepEqual(results, [
      "OK",
      "ABORTED write conflict; retry the request",
      "ABORTED write conflict; retry the request",
    ]);
    assert.match(await refusal(store.deleteSecret(A, first)), /^ABORTED/);
    assert.deepEqual((await store.readVersion(A))?.version?.sealed, sealedAs("2"));
  },
  "takes no change for a secret that was deleted and made again": async (store) => {
    const old = await store.createSecret(fresh());
    await store.deleteSecret(A);
    const again = await store.createSecret(fresh());
    assert.notEqual(again.id, old.id);
    assert.match(await refusal(store.changeSecret(changed(old, { next: next("2", 0) }))), /^ABORTED/);
    assert.match(await refusal(store.deleteSecret(A, old)), /^ABORTED/);
    assert.deepEqual(await store.findSecret(A), again);
  },
  "deletes a secret with all its versions": async (store) => {
    const secret = await store.createSecret(fresh());
    await store.createSecret(fresh(B));
    await store.deleteSecret(A, await store.changeSecret(changed(secret, { next: next("2", 0) })));
    assert.equal(await store.findSecret(A), undefined);
    assert.deepEqual((await store.scanVersions(9)).map(({ record }) => record.name), ["db/b"]);
    assert.match(await refusal(store.deleteSecret(A)), /^NOT_FOUND/);
  },
  "removes what is beyond the kept versions, but nothing in grace": async (store) => {
    let secret = await store.createSecret(fresh());
    const change = async (text: string, end: number, at: number) => {
      secret = await store.changeSecret(changed(secret, { at: at * 1000, next: next(text, end, 2) }));
      return (await store.listVersions(A))!.map(({ version }) => version);
    };
    assert.deepEqual(await change("2", 500, 10), [2, 1]);
    assert.deepEqual(await change("3", 20, 20), [3, 2, 1]);
    assert.deepEqual(await change("4", 30, 30), [4, 3, 1]);
    assert.deepEqual([await store.purgeVersions(499, 2, 10), await store.purgeVersions(500, 2, 10)], [0, 1]);
    assert.deepEqual((await store.listVersions(A))!.map(({ version }) => version), [4, 3]);
    assert.equal(await store.purgeVersions(1_000_000, 2, 10), 0);
  },
  "removes no more than it is told to at once": async (store) => {
    let secret = await store.createSecret(fresh());
    for (let i = 2; i <= 6; i++) {
      secret = await store.changeSecret(changed(secret, { at: 0, next: next(`${i}`, 50, 1) }));
    }
    assert.deepEqual([await store.purgeVersions(50, 1, 3), await store.purgeVersions(50, 1, 3)], [3, 2]);
    assert.deepEqual((await store.listVersions(A))!.length, 1);
  },
  "keeps a version that the setting keeps again": async (store) => {
    const secret = await store.createSecret(fresh());
    await store.changeSecret(changed(secret, { at: 0, next: next("2", 50, 1) }));
    assert.equal(await store.purgeVersions(50, 5, 10), 0);
  },
  "lists by the bytes of the name, from a name on": async (store) => {
    const names = ["a/x", "a-b/x", "a.b/x", "a0/x", "a/Z", "a/x/y"];
    for (const name of names) await store.createSecret(fresh(parseAddress(name)));
    const list = async (prefix: string, after: string, limit: number) => {
      const listed = (await store.listSecrets({ prefix, after, limit })).map(({ record, position }) => {
        assert.ok(!("damage" in record));
        assert.equal(position, `${record.project}/${record.path}`);
        return position;
      });
      assert.deepEqual(await store.listNames({ prefix, after, limit }), listed);
      return listed;
    };
    assert.deepEqual(await list("", "", 100), names.toSorted());
    assert.deepEqual(await list("a/", "", 2), ["a/Z", "a/x"]);
    assert.deepEqual(await list("a/", "a/Z", 2), ["a/x", "a/x/y"]);
    assert.deepEqual(await list("a/x", "a/x", 9), ["a/x/y"]);
    assert.deepEqual(await list("z", "", 9), []);
  },
  "lists what is due, longest due first, from a position on": async (store) => {
    const times = { a: 30, b: 10, c: 20, d: 10, e: null, f: 31 };
    for (const [path, nextRotationAt] of Object.entries(times)) {
      await store.createSecret(fresh(parseAddress(`p/${path}`), { kind: "automatic", nextRotationAt }));
    }
    const due = await store.listDue(30, 10);
    const pathOf = ({ record }: typeof due[number]) => "damage" in record ? record.name : record.path;
    assert.deepEqual(due.map(pathOf), ["b", "d", "c", "a"]);
    assert.deepEqual((await store.listDue(30, 1, due[0].position)).map(pathOf), ["d"]);
    assert.deepEqual((await store.listDue(30, 9, due[1].position)).map(pathOf), ["c", "a"]);
    assert.deepEqual(await store.listDue(9, 9), []);
  },
  "keeps projects: created once, described, one default, deleted when empty": async (store) => {
    const made = { name: "p", description: null, at: 5, actor: "alice" };
    const p = await store.createProject(made), q = await store.createProject({ ...made, name: "q" });
    assert.deepEqual({ ...p, id: 0 }, {
      id: 0,
      name: "p",
      description: null,
      isDefault: false,
      createdAt: 5,
      createdBy: "alice",
    });
    assert.match(await refusal(store.createProject(made)), /^ALREADY_EXISTS/);
    assert.deepEqual(await store.describeProject("p", "d"), { ...p, description: "d" });
    await store.setDefaultProject("p");
    assert.deepEqual(await store.setDefaultProject("q"), { ...q, isDefault: true });
    assert.deepEqual(await store.listProjects(), [{ ...p, description: "d" }, { ...q, isDefault: true }]);
    await store.createSecret(fresh(parseAddress("q/x")));
    assert.match(await refusal(store.deleteProject("q")), /^FAILED_PRECONDITION/);
    await store.deleteProject("p");
    assert.match(await refusal(store.deleteProject("p")), /^NOT_FOUND/);
    assert.match(await refusal(store.describeProject("p", "d")), /^NOT_FOUND/);
    assert.match(await refusal(store.setDefaultProject("p")), /^NOT_FOUND/);
    assert.notEqual((await store.createProject(made)).id, p.id);
  },
  "imports all secrets or none": async (store) => {
    const version = (number: number, expiresAt: number | null) => {
      return { version: number, sealed: sealedAs(`${number}`), createdAt: number, createdBy: "old", expiresAt };
    };
    const { address: _a, sealed: _s, at: _t, actor: _b, ...settings } = fresh();
    const imported = (address = A): ImportedSecret => {
      const times = { createdAt: 1, updatedAt: 9, updatedBy: "old" };
      return { address, ...settings, ...times, currentVersion: 7, versions: [version(5, 40), version(7, null)] };
    };
    await store.importSecrets([imported()]);
    assert.deepEqual((await store.listVersions(A))?.map(({ version, expiresAt }) => [version, expiresAt]), [[7, null], [
      5,
      40,
    ]]);
    assert.deepEqual((await store.findSecret(A))?.updatedAt, 9);
    const again = store.importSecrets([imported(B), imported(parseAddress("new/x")), imported()]);
    assert.match(await refusal(again), /^ALREADY_EXISTS Secret 'secret:db:a'/);
    assert.deepEqual([await store.findSecret(B), await store.findProject("new")], [undefined, undefined]);
  },
  "imports projects and new versions together with secrets, or nothing": async (store) => {
    const a = await store.createSecret(fresh());
    const project = { name: "brought", description: "d", at: 5, actor: "admin" };
    const changes = [changed(a, { next: next("2", 9999) })];
    await store.importSecrets([], { projects: [project, { ...project, name: "db" }], changes });
    assert.equal((await store.findProject("brought"))?.description, "d");
    assert.equal((await store.findProject("db"))?.description, null, "those that are there stay");
    assert.equal((await store.findSecret(A))?.currentVersion, 2);
    const again = store.importSecrets([], { projects: [{ ...project, name: "never" }], changes });
    assert.match(await refusal(again), /^ABORTED/);
    assert.equal(await store.findProject("never"), undefined);
  },
  "makes an imported project the default where there is none": async (store) => {
    const defaults = async () =>
      (await store.listProjects()).flatMap((project) => {
        assert.ok(!("damage" in project));
        return project.isDefault ? [project.name] : [];
      });
    const projects = ["a", "b"].map((name) => ({ name, description: null, at: 5, actor: "admin" }));
    await store.importSecrets([], { projects });
    assert.deepEqual(await defaults(), []);
    await store.importSecrets([], { projects, defaultProject: "b" });
    assert.deepEqual(await defaults(), ["b"]);
    await store.importSecrets([], { projects, defaultProject: "a" });
    assert.deepEqual(await defaults(), ["b"], "what is chosen already stays");
    await store.deleteProject("b");
    assert.match(await refusal(store.importSecrets([], { projects, defaultProject: "none" })), /^NOT_FOUND/);
    assert.deepEqual([await defaults(), await store.findProject("b")], [[], undefined], "nothing of it is written");
  },
  "passes over every version, in steps": async (store) => {
    const a = await store.createSecret(fresh());
    await store.createSecret(fresh(B));
    await store.changeSecret(changed(a, { next: next("2", 9999) }));
    const seen: string[] = [];
    let [step] = await store.scanVersions(1);
    while (step) {
      assert.ok(!("damage" in step.record));
      seen.push(`${step.record.name}:${step.record.version}`);
      [step] = await store.scanVersions(1, step.position);
    }
    assert.deepEqual(seen.toSorted(), ["db/a:1", "db/a:2", "db/b:1"]);
  },
  "gives some versions of each key": async (store) => {
    assert.deepEqual(await store.sampleWrappings(3), []);
    for (let i = 0; i < 30; i++) {
      const sealed = sealedAs("x", { keyId: i === 29 ? "new" : i % 2 ? "a" : "b", wrappedRotationAt: i % 3 || null });
      await store.createSecret(fresh(parseAddress(`p/${i}`), { sealed }));
    }
    const found = (await store.sampleWrappings(3)).map((record) => {
      assert.ok(!("damage" in record));
      assert.deepEqual([record.version, record.sealed.ciphertext], [1, sealedAs("x").ciphertext]);
      return `${record.sealed.keyId} ${record.name.slice(0, 2)}`;
    });
    assert.deepEqual(found.toSorted(), ["a p/", "a p/", "a p/", "b p/", "b p/", "b p/", "new p/"]);
  },
  "replaces a wrapping as long as it is the one that was read": async (store) => {
    const secret = await store.createSecret(fresh());
    const [{ record: of }] = await store.scanVersions(1);
    assert.ok(!("damage" in of));
    const wrapping = { of, keyId: "new", wrappedKey: Uint8Array.of(9), wrappedRotationAt: 77 };
    assert.deepEqual([await store.replaceWrapping(wrapping), await store.replaceWrapping(wrapping)], [true, false]);
    const read = await store.readVersion(A);
    const wanted = { ...sealedAs("1"), keyId: "new", wrappedKey: Uint8Array.of(9), wrappedRotationAt: 77 };
    assert.deepEqual(read?.version?.sealed, wanted);
    assert.deepEqual(read?.secret, secret, "not a change of the secret");
    assert.deepEqual(await store.countWrappings(), [{ keyId: "new", wrappedRotationAt: 77, versions: 1 }]);
    await store.deleteSecret(A);
    assert.equal(await store.replaceWrapping(wrapping), false);
  },
  "counts versions by key and rotation": async (store) => {
    for (const [i, [keyId, wrappedRotationAt]] of ([["b", 5], ["a", null], ["b", 5], ["b", 4]] as const).entries()) {
      await store.createSecret(fresh(parseAddress(`p/${i}`), { sealed: sealedAs("x", { keyId, wrappedRotationAt }) }));
    }
    const counts = (await store.countWrappings()).map(({ keyId, wrappedRotationAt, versions }) => {
      return `${keyId} ${wrappedRotationAt} ${versions}`;
    });
    assert.deepEqual(counts.toSorted(), ["a null 1", "b 4 1", "b 5 2"]);
  },
  "keeps how far re-wrapping has come": async (store) => {
    const state = { lastCompletedRotationAt: null, lastSweptAt: 5, updatedAt: 6 };
    await store.saveRewrapState(state);
    assert.deepEqual(await store.readRewrapState(), state);
    await store.saveRewrapState({ ...state, lastCompletedRotationAt: 4 });
    assert.deepEqual(await store.readRewrapState(), { ...state, lastCompletedRotationAt: 4 });
  },
  "refuses one command of many and does the others": async (store) => {
    await store.createSecret(fresh());
    const names = Array.from({ length: 300 }, (_, i) => i % 3 === 0 ? A : parseAddress(`db/n${i}`));
    const results = await Promise.all(names.map((name) => refusal(store.createSecret(fresh(name)))));
    assert.deepEqual(
      results.map((text) => text.split(" ")[0]),
      names.map((name) => name === A ? "ALREADY_EXISTS" : "OK"),
    );
    assert.equal((await store.listSecrets({ prefix: "", after: "", limit: 1000 })).length, 201);
  },
  "snapshots are consistent while writes go on, and restore to what they hold": async (store, { snapshotPath }) => {
    if (snapshotPath === undefined) return;
    for (let i = 0; i < 50; i++) await store.createSecret(fresh(parseAddress(`before/${i}`)));
    await store.saveRewrapState({ lastCompletedRotationAt: 1, lastSweptAt: 2, updatedAt: 3 });
    const writes = Array.from({ length: 50 }, (_, i) => store.createSecret(fresh(parseAddress(`during/${i}`))));
    await Promise.all([store.snapshot(snapshotPath), ...writes]);
    assert.match(await refusal(store.snapshot(snapshotPath)), /exists/i);
    await store.createSecret(fresh(parseAddress("after/1")));
    await store.deleteSecret(parseAddress("before/1"));
    assert.match(await refusal(store.restore(snapshotPath)), /^FAILED_PRECONDITION the secrets store is not empty/);
    assert.equal(await store.findSecret(parseAddress("before/1")), undefined);
    await store.restore(snapshotPath, { force: true });
    const list = async (prefix: string) => (await store.listSecrets({ prefix, after: "", limit: 1000 })).length;
    assert.deepEqual([await list("before/"), await list("after/")], [50, 0]);
    assert.equal(await store.findProject("after"), undefined);
    assert.deepEqual(await store.readRewrapState(), { lastCompletedRotationAt: 1, lastSweptAt: 2, updatedAt: 3 });
    assert.deepEqual((await store.readVersion(parseAddress("before/1")))?.version?.sealed, sealedAs("1"));
    const again = await store.createSecret(fresh(parseAddress("after/1")));
    assert.equal(again.currentVersion, 1);
  },
  "takes no more commands once it is closed, after those that wait": async (store) => {
    await store.createSecret(fresh(parseAddress("db/before")));
    const write = store.createSecret(fresh()), closed = store.close();
    await Promise.all([write, closed, store.close()]);
    assert.match(await refusal(store.createSecret(fresh(B))), /^UNAVAILABLE/);
    assert.notEqual(await refusal(store.findSecret(A)), "OK");
  },
};

export function testSecretStore(name: string, open: () => Promise<StoreUnderTest>): void {
  for (const [title, run] of Object.entries(CASES)) {
    Deno.test(`${name} ${title}`, async () => {
      await using test = await open();
      await run(test.store, test);
    });
  }
}
