import assert from "node:assert/strict";
import { join } from "node:path";
import { AdminApi } from "../support/admin_api.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
const TOKENS = 10_000;
const CONNECTIONS = 50;
const CALLS = 1_000;

/** The user's token in the big file; user 0 has the first one. */
function tokenOf(user: number): string {
  return `evt_${user.toString(16).padStart(32, "0")}`;
}

/** How the call ended: `OK`, or the code of its refusal. */
function outcomeOf(client: VaultClient, token: string): Promise<string> {
  const call = client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  return call.then(({ error }) => error || "OK", async () => (await refusalOf(call)).code);
}

function countOf(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

Deno.test(`a daemon starts with ${TOKENS} tokens, takes each of them and changes among them`, async () => {
  await using vault = await TestVault.create();
  const entries = Array.from({ length: TOKENS }, (_, i) => {
    return `- user: user${i}\n  token: ${tokenOf(i)}\n  role: member\n  issued_at: '2026-11-22'\n`;
  });
  await Deno.writeTextFile(join(vault.dir, "configs/tokens.yml"), `tokens:\n${entries.join("")}`);
  await vault.start();
  const api = new AdminApi(vault.socket);
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  for (const user of [0, 1, TOKENS / 2, TOKENS - 1]) assert.equal(await outcomeOf(client, tokenOf(user)), "OK");
  assert.equal(await outcomeOf(client, tokenOf(TOKENS)), "UNAUTHENTICATED");
  const issued = await api.issue("newcomer", "member");
  assert.equal((await api.send("DELETE", "/tokens/user1")).status, 200);
  assert.deepEqual([await outcomeOf(client, issued), await outcomeOf(client, tokenOf(1))], ["OK", "UNAUTHENTICATED"]);
  await vault.stop("SIGKILL");
  await vault.start();
  const { tokens } = await api.lists();
  assert.equal(tokens.length, TOKENS);
  assert.deepEqual([await outcomeOf(client, issued), await outcomeOf(client, tokenOf(1))], ["OK", "UNAUTHENTICATED"]);
});

Deno.test(`${CALLS} concurrent calls over ${CONNECTIONS} connections get exactly what the limits allow`, async () => {
  await using vault = await TestVault.start();
  const api = new AdminApi(vault.socket);
  // A hundred calls of each user: limits below, at and above that.
  const limits = [0, 1, 7, 33, 50, 66, 99, 100, 101, 1000];
  const tokens = await Promise.all(limits.map(async (limit) => {
    const role = { name: `limit ${limit}`, scope: ["decrypt_metadata"], top_k: 1, rate_limit: `${limit}/86400s` };
    assert.equal((await api.send("POST", "/roles", role)).status, 201);
    return await api.issue(`user ${limit}`, role.name);
  }));
  const clients = Array.from({ length: CONNECTIONS }, () => new VaultClient(`localhost:${vault.port}`, vault.ca));
  try {
    await Promise.all(clients.map((client) => outcomeOf(client, tokenOf(0)))); // each has its connection now
    if (Deno.build.os === "linux") assert.equal(await connectionsTo(vault.port), CONNECTIONS);
    const calls = Array.from({ length: CALLS }, (_, i) => i % limits.length);
    const outcomes = await Promise.all(calls.map(async (user, i) => {
      return { user, outcome: await outcomeOf(clients[Math.floor(i / limits.length) % CONNECTIONS], tokens[user]) };
    }));
    const each = CALLS / limits.length;
    limits.forEach((limit, user) => {
      const counts = countOf(outcomes.filter((one) => one.user === user).map(({ outcome }) => outcome));
      const allowed = Math.min(limit, each);
      assert.deepEqual({ OK: 0, RESOURCE_EXHAUSTED: 0, ...counts }, {
        OK: allowed,
        RESOURCE_EXHAUSTED: each - allowed,
      }, `limit ${limit}`);
    });
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
  const lines = (await Deno.readTextFile(join(vault.dir, "logs/audit.log"))).trimEnd().split("\n");
  const audited = countOf(lines.map((line) => JSON.parse(line).user_id));
  assert.deepEqual(audited, {
    unknown: CONNECTIONS,
    ...Object.fromEntries(limits.map((limit) => [`user ${limit}`, 100])),
  });
});

/** Established connections that a local server on this port has accepted. */
async function connectionsTo(port: number): Promise<number> {
  const ESTABLISHED = "01", local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = (await Deno.readTextFile("/proc/net/tcp")).split("\n").map((row) => row.trim().split(/\s+/));
  return rows.filter(([, address, , state]) => address === local && state === ESTABLISHED).length;
}
