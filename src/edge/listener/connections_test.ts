import assert from "node:assert/strict";
import { Socket } from "node:net";
import { Connections } from "./connections.ts";
import { protocolOf } from "./first_bytes.ts";

const HELD = { time: 0, now: () => HELD.time, monotonic: () => HELD.time };

for (
  const { bytes, want } of [
    { bytes: "P", want: undefined },
    { bytes: "PRI * HTTP/2.0", want: undefined },
    { bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: "http2" },
    { bytes: "PRI * HTTP/1.1\r\n", want: "http1" },
    { bytes: "POST", want: "http1" },
    { bytes: "\x16\x03\x01", want: "http1" },
  ]
) {
  Deno.test(`protocolOf() takes ${JSON.stringify(bytes)} for ${want}`, () => {
    assert.equal(protocolOf(new TextEncoder().encode(bytes)), want);
  });
}

Deno.test("Connections.admit() evicts the unproven first, then the longest idle, never what has a request in flight", () => {
  const connections = new Connections(3, HELD);
  const admit = () => {
    HELD.time++;
    const socket = new Socket();
    return { socket, connection: connections.admit(socket) };
  };
  const busy = admit(), idle = admit(), silent = admit();
  busy.connection!.begin();
  idle.connection!.begin();
  idle.connection!.end();
  const fourth = admit();
  assert.deepEqual([busy, idle, silent].map(({ socket }) => socket.destroyed), [false, false, true]);
  fourth.connection!.begin();
  const fifth = admit();
  assert.equal(idle.socket.destroyed, true);
  fifth.connection!.begin();
  const sixth = admit();
  assert.equal(sixth.connection, undefined);
  assert.equal(sixth.socket.destroyed, true);
  assert.equal(connections.count, 3);
  connections.closeAll();
  assert.equal(connections.count, 0);
});

Deno.test("Connections.admit() evicts the request in flight that began longest ago, once that took 10 s", () => {
  const connections = new Connections(2, HELD);
  const admit = () => {
    const socket = new Socket();
    return { socket, connection: connections.admit(socket) };
  };
  const trickling = admit(), working = admit();
  for (const { connection } of [trickling, working]) connection!.begin();
  HELD.time += 10_000;
  assert.equal(admit().connection, undefined);
  HELD.time += 1;
  working.connection!.begin();
  assert.ok(admit().connection);
  assert.deepEqual([trickling, working].map(({ socket }) => socket.destroyed), [true, false]);
  connections.closeAll();
});

Deno.test("Connections.sweep() closes what is overdue, and nothing that is busy or settled", () => {
  const connections = new Connections(10, HELD);
  const [late, busy, settled] = Array.from({ length: 3 }, () => connections.admit(new Socket())!);
  for (const connection of [late, busy, settled]) connection.expectWithin(1000);
  busy.begin();
  settled.settle();
  HELD.time += 1000;
  connections.sweep();
  assert.equal(connections.count, 3);
  HELD.time += 1;
  connections.sweep();
  assert.deepEqual([late, busy, settled].map(({ socket }) => socket.destroyed), [true, false, false]);
  connections.closeAll();
});
