import assert from "node:assert/strict";
import fc from "fast-check";
import { bytes, TestEngine, textOf } from "../../../tests/support/secret_engine.ts";
import { canonicalName, parseAddress, RotationWorker } from "./mod.ts";

/** `RUNEVAULT_MODEL_RUNS` for longer searches. */
const RUNS = Number(Deno.env.get("RUNEVAULT_MODEL_RUNS") ?? 200);
const KEEP = 2;
const NAMES = ["a/x", "b/x/y", "plain"];
const PROJECTS = ["a", "b", "default"];

interface ModelVersion {
  readonly version: number;
  /** Of a pair: `username:password`. */
  readonly text: string;
  readonly expiresAt: number | null;
}

interface ModelSecret {
  readonly kind: "manual" | "automatic";
  readonly isPair: boolean;
  readonly description: string | null;
  readonly interval: number | null;
  readonly grace: number;
  readonly next: number | null;
  readonly versions: readonly ModelVersion[];
}

type Outcome = string | number | boolean | null | readonly Outcome[];

const last = ({ versions }: ModelSecret) => versions.at(-1)!;
const isExpired = ({ expiresAt }: ModelVersion, now: number) => expiresAt !== null && expiresAt <= now;

/** The rules of contract A.5 to A.9 on plain maps. */
class Model {
  readonly secrets = new Map<string, ModelSecret>();
  readonly projects = new Map<string, { description: string | null; isDefault: boolean }>();
  now = 1000;

  put(name: string, secret: ModelSecret): void {
    this.secrets.set(name, secret);
    const project = name.split("/")[0];
    if (!this.projects.has(project)) this.projects.set(project, { description: null, isDefault: false });
  }

  /** The next version; versions beyond those kept go when their grace is over. */
  change(name: string, text: string, settings: Partial<ModelSecret> = {}): void {
    const old = this.secrets.get(name)!, version = last(old).version + 1;
    const ended = { ...last(old), expiresAt: this.now + old.grace };
    const before = [...old.versions.slice(0, -1), ended];
    const kept = before.filter((other) => other.version > version - KEEP || !isExpired(other, this.now));
    const secret = { ...old, ...settings, versions: [...kept, { version, text, expiresAt: null }] };
    const next = secret.kind === "automatic" ? this.now + secret.interval! : null;
    this.secrets.set(name, { ...secret, next });
  }

  purge(): void {
    for (const [name, secret] of this.secrets) {
      const beyond = last(secret).version - KEEP;
      const versions = secret.versions.filter((other) => other.version > beyond || !isExpired(other, this.now));
      this.secrets.set(name, { ...secret, versions });
    }
  }

  readable(name: string): ModelVersion[] {
    const secret = this.secrets.get(name);
    return secret ? secret.versions.filter(({ version }) => version > last(secret).version - KEEP) : [];
  }

  verify(name: string, proof: string): Outcome {
    const secret = this.secrets.get(name);
    const live = secret?.versions.filter((version) => !isExpired(version, this.now)).toReversed() ?? [];
    return live.find(({ text }) => (secret!.isPair ? text.slice(text.indexOf(":") + 1) : text) === proof)?.version ??
      null;
  }

  list(): string[] {
    return [...this.secrets.keys()].sort();
  }
}

/** One step: does it to both and returns what each of them said. */
type Step = (model: Model, real: Real) => Promise<[wanted: Outcome, got: Outcome]>;

class Real extends TestEngine {
  readonly worker = new RotationWorker({ ...this.parts(), log: () => {} }, { keepVersions: KEEP });

  constructor() {
    super({ keepVersions: KEEP });
  }

  parts() {
    return { engine: this.engine, store: this.store, clock: this.clock };
  }
}

const maybe = (value: string | undefined) => value === undefined ? undefined : bytes(value);
const addressOf = (name: string) => parseAddress(name);
const full = (name: string) => name.includes("/") ? name : `default/${name}`;
const codeOf = (reason: unknown) => (reason as { code?: string }).code ?? String(reason);

const secretName = fc.constantFrom(...NAMES), projectName = fc.constantFrom(...PROJECTS);
/** Few, so that values meet again. */
const text = fc.constantFrom("one", "two", "three", 'ü"\\\n', "x".repeat(200));
const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
/** Few as well, so that ends and clock meet to the second. */
const seconds = fc.constantFrom(10, 50, 20, 10, 0, 30, 50, -1);

const create = fc.record({
  name: secretName,
  kind: fc.constantFrom("manual" as const, "automatic" as const),
  value: optional(text),
  pair: optional(fc.tuple(fc.constantFrom("u", "v"), text)),
  interval: optional(seconds),
  grace: optional(seconds),
  description: optional(text),
}).map(({ name, kind, value, pair, interval, grace, description }): Step => async (model, { engine }) => {
  const material = pair ? { username: bytes(pair[0]), password: bytes(pair[1]) } : { value: maybe(value) };
  const request = { kind, ...material, rotationIntervalSeconds: interval, graceSeconds: grace, description };
  const isInvalid = (grace ?? 0) < 0 || (interval !== undefined && interval <= 0) ||
    (kind === "automatic" ? interval === undefined : !pair && !value);
  const wanted = isInvalid ? "INVALID_ARGUMENT" : model.secrets.has(full(name)) ? "ALREADY_EXISTS" : 1;
  try {
    const created = await engine.create(addressOf(name), request, "actor");
    const got = created.version.version, first = textOf(created);
    if (wanted === 1) {
      if (pair || value) assert.equal(first, pair ? pair.join(":") : value);
      model.put(full(name), {
        kind,
        isPair: pair !== undefined,
        description: description ?? null,
        interval: interval ?? null,
        grace: grace ?? 0,
        next: kind === "automatic" ? model.now + interval! : null,
        versions: [{ version: 1, text: first, expiresAt: null }],
      });
    }
    return [wanted, got];
  } catch (reason) {
    return [wanted, codeOf(reason)];
  }
});

const update = fc.record({
  name: secretName,
  value: optional(text),
  username: optional(fc.constantFrom("u", "v")),
  password: optional(text),
  interval: optional(seconds),
  grace: optional(seconds),
  description: optional(text),
  expectedVersion: optional(fc.integer({ min: 1, max: 9 })),
}).map((change): Step => async (model, { engine }) => {
  const { name, value, username, password, interval, grace, description, expectedVersion } = change;
  const old = model.secrets.get(full(name));
  const isPair = username !== undefined || password !== undefined, isMaterial = isPair || value !== undefined;
  const wanted = ((): Outcome => {
    if ((interval ?? 1) <= 0 || (grace ?? 0) < 0) return "INVALID_ARGUMENT";
    if (!old) return "NOT_FOUND";
    if (expectedVersion !== undefined && expectedVersion !== last(old).version) return "ABORTED";
    if (old.isPair ? value !== undefined : isPair) return "INVALID_ARGUMENT";
    const settings = {
      interval: interval ?? old.interval,
      grace: grace ?? old.grace,
      description: description ?? old.description,
    };
    if (isMaterial) {
      const [oldName, ...oldWord] = last(old).text.split(":");
      model.change(
        full(name),
        old.isPair ? `${username ?? oldName}:${password ?? oldWord.join(":")}` : value!,
        settings,
      );
    } else {
      const restarts = old.kind === "automatic" && interval !== undefined;
      model.secrets.set(full(name), { ...old, ...settings, next: restarts ? model.now + interval! : old.next });
    }
    return last(model.secrets.get(full(name))!).version;
  })();
  try {
    const record = await engine.update(addressOf(name), {
      value: maybe(value),
      username: maybe(username),
      password: maybe(password),
      rotationIntervalSeconds: interval,
      graceSeconds: grace,
      description,
      expectedVersion,
    }, "actor");
    return [wanted, record.currentVersion];
  } catch (reason) {
    return [wanted, codeOf(reason)];
  }
});

const rotate = secretName.map((name): Step => async (model, { engine }) => {
  const old = model.secrets.get(full(name));
  const wanted = !old ? "NOT_FOUND" : old.kind === "manual" ? "INVALID_ARGUMENT" : last(old).version + 1;
  try {
    const opened = await engine.rotate(addressOf(name), "actor"), got = opened.version.version, fresh = textOf(opened);
    if (old?.isPair) assert.equal(fresh.split(":")[0], last(old).text.split(":")[0]);
    model.change(full(name), fresh);
    return [wanted, got];
  } catch (reason) {
    return [wanted, codeOf(reason)];
  }
});

const remove = secretName.map((name): Step => async (model, { engine }) => {
  const wanted = model.secrets.delete(full(name)) ? "OK" : "NOT_FOUND";
  return [wanted, await engine.delete(addressOf(name)).then(() => "OK", codeOf)];
});

const get = fc.tuple(secretName, optional(fc.integer({ min: 0, max: 9 }))).map(
  ([name, version]): Step => async (model, { engine }) => {
    const found = model.readable(full(name)).findLast((other) => version === undefined || other.version === version);
    return [found?.text ?? "NOT_FOUND", await engine.get(addressOf(name), version).then(textOf, codeOf)];
  },
);

const getMany = fc.array(secretName, { maxLength: 6 }).map((names): Step => async (model, { engine }) => {
  const wanted = names.flatMap((name) =>
    model.secrets.has(full(name)) ? [last(model.secrets.get(full(name))!).text] : []
  );
  return [wanted, (await engine.getMany(names.map(addressOf))).secrets.map(textOf)];
});

/** A value of the pool, or one that some secret has or had. */
const verify = fc.tuple(secretName, text, fc.nat()).map(([name, guess, pick]): Step => async (model, { engine }) => {
  const known = [...model.secrets.values()].flatMap(({ versions, isPair }) =>
    versions.map(({ text }) => isPair ? text.slice(text.indexOf(":") + 1) : text)
  );
  const proof = [guess, ...known][pick % (known.length + 1)];
  return [model.verify(full(name), proof), (await engine.verify(addressOf(name), bytes(proof))).version];
});

const list = fc.record({ project: optional(projectName), limit: fc.integer({ min: 1, max: 5 }) }).map(
  (query): Step => async (model, { engine }) => {
    const wanted = model.list().filter((name) => !query.project || name.startsWith(`${query.project}/`));
    const page = await engine.list(query);
    const got = page.secrets.map(canonicalName);
    assert.equal(page.next, wanted.length > query.limit ? wanted[query.limit - 1] : undefined);
    return [wanted.slice(0, query.limit), got];
  },
);

const moveClock = fc.constantFrom(10, 10, 20, -10, 1, -1, 50).map((step): Step => (model, { clock }) => {
  clock.seconds = model.now = Math.max(0, model.now + step);
  return Promise.resolve([0, 0]);
});

const tick = fc.constant<Step>(async (model, { worker, engine }) => {
  model.purge();
  const due = [...model.secrets].filter(([, { next }]) => next !== null && next <= model.now).map(([name]) => name);
  const { rotated, failed } = await worker.tick();
  for (const name of due) model.change(name, textOf(await engine.get(addressOf(name))));
  return [[due.length, 0], [rotated, failed]];
});

const project = fc.record({
  name: projectName,
  action: fc.constantFrom("create", "describe", "setDefault", "delete"),
  description: fc.constantFrom("d", "e"),
}).map(({ name, action, description }): Step => async ({ projects, secrets }, { engine }) => {
  const old = projects.get(name), api = engine.projects;
  const calls: Record<string, [wanted: string, call: Promise<unknown>, apply: () => void]> = {
    create: [
      old ? "ALREADY_EXISTS" : "OK",
      action === "create" ? api.create(name, description, "actor") : Promise.resolve(),
      () => projects.set(name, { description, isDefault: false }),
    ],
    describe: [
      old ? "OK" : "NOT_FOUND",
      action === "describe" ? api.describe(name, description) : Promise.resolve(),
      () => projects.set(name, { ...old!, description }),
    ],
    setDefault: [
      old ? "OK" : "NOT_FOUND",
      action === "setDefault" ? api.setDefault(name) : Promise.resolve(),
      () => {
        for (const [other, fields] of projects) projects.set(other, { ...fields, isDefault: other === name });
      },
    ],
    delete: [
      !old ? "NOT_FOUND" : [...secrets.keys()].some((key) => key.startsWith(`${name}/`)) ? "FAILED_PRECONDITION" : "OK",
      action === "delete" ? api.delete(name) : Promise.resolve(),
      () => projects.delete(name),
    ],
  };
  const [wanted, call, apply] = calls[action];
  const got = await call.then(() => "OK", codeOf);
  if (wanted === "OK") apply();
  return [wanted, got];
});

/** Everything that can be seen of the engine, beside the model's. */
async function compare(model: Model, { engine }: Real): Promise<void> {
  for (const name of NAMES) {
    const secret = model.secrets.get(full(name)), address = addressOf(name);
    if (!secret) continue;
    const { kind, description, rotationIntervalSeconds, graceSeconds, nextRotationAt, format } = await engine
      .describe(address);
    assert.deepEqual(
      { kind, description, interval: rotationIntervalSeconds, grace: graceSeconds, next: nextRotationAt },
      {
        kind: secret.kind,
        description: secret.description,
        interval: secret.interval,
        grace: secret.grace,
        next: secret.next,
      },
    );
    assert.equal(format, secret.isPair ? "userpass" : "opaque");
    const versions = await engine.versions(address);
    assert.deepEqual(
      versions.map(({ version, expiresAt }) => [version, expiresAt]),
      model.readable(full(name)).map(({ version, expiresAt }) => [version, expiresAt]).toReversed(),
    );
  }
  const { projects } = await engine.projects.list();
  const wanted = [...model.projects].sort(([a], [b]) => a < b ? -1 : 1);
  assert.deepEqual(projects.map(({ name, description, isDefault }) => [name, { description, isDefault }]), wanted);
}

const steps = fc.oneof(
  { arbitrary: create, weight: 4 },
  { arbitrary: update, weight: 9 },
  { arbitrary: rotate, weight: 2 },
  { arbitrary: remove, weight: 1 },
  { arbitrary: get, weight: 3 },
  { arbitrary: getMany, weight: 1 },
  { arbitrary: verify, weight: 4 },
  { arbitrary: list, weight: 1 },
  { arbitrary: moveClock, weight: 4 },
  { arbitrary: tick, weight: 2 },
  { arbitrary: project, weight: 1 },
);

Deno.test("any sequence of operations agrees with a plain model, the clock moved at will", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 30, maxLength: 80, size: "max" }), async (sequence) => {
      await using real = new Real();
      const model = new Model();
      for (const step of sequence) {
        const [wanted, got] = await step(model, real);
        assert.deepEqual(got, wanted);
      }
      await compare(model, real);
    }),
    { numRuns: RUNS },
  );
});
