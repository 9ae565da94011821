import assert from "node:assert/strict";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { EnvelopeSealer, RewrapService } from "#domain/sealing/mod.ts";
import { parseAddress, SecretEngine } from "#domain/secrets/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { FakeKms } from "../support/fake_kms/fake_kms.ts";
import { openAwsKeys } from "../support/fake_kms/open_keys.ts";

const SECRETS = 5;

Deno.test("a rotation in AWS KMS is followed by one pass, which asks for each version once and opens none", async () => {
  await using kms = await FakeKms.start();
  const { keyId } = await kms.createKey(), keys = await openAwsKeys(kms, keyId);
  const store = new SqliteSecretStore(":memory:"), logged: string[] = [];
  const parts = { store, keys, clock: systemClock, log: (_: string, line: string) => void logged.push(line) };
  const rewrap = await RewrapService.open(parts, { isEnabled: true, maxPerSecond: 0 });
  const sealer = new EnvelopeSealer({ keys, rotationAt: () => rewrap.rotationAt });
  const engine = new SecretEngine({ store, sealer, clock: systemClock });
  try {
    await kms.rotate(keyId, 1_700_000_000);
    await rewrap.tick(); // the baseline
    for (let i = 0; i < SECRETS; i++) {
      const value = new TextEncoder().encode(`value ${i}`);
      using _ = await engine.create(parseAddress(`a/${i}`), { kind: "manual", value }, "me");
    }
    await kms.rotate(keyId, 1_750_000_000);
    assert.deepEqual(await rewrap.status(), {
      enabled: true,
      busy: false,
      keyId,
      lastCompletedRotationAt: 1_700_000_000,
      latestRotationAt: 1_750_000_000,
      totalVersions: SECRETS,
      pendingVersions: SECRETS,
    });
    await kms.takeLog();
    await rewrap.tick();
    const { calls } = await kms.takeLog();
    assert.deepEqual(calls.map(({ operation }) => operation), [
      "ListKeyRotations", // of the tick
      "ListKeyRotations", // of the pass
      ...Array(SECRETS).fill("ReEncrypt"),
    ]);
    assert.deepEqual(calls[2].input.SourceEncryptionContext, { secret: "a/0", version: "1" });
    assert.equal((await rewrap.status()).pendingVersions, 0);
    assert.deepEqual(logged, []);
    const scanned = await store.scanVersions(100);
    for (const [i, { record }] of scanned.entries()) {
      assert.ok("sealed" in record);
      const value = await sealer.open(record.name, record.version, record.sealed);
      assert.equal(new TextDecoder().decode(value), `value ${i}`);
    }
  } finally {
    await store.close();
    await keys.close();
  }
});
