/** Starts and stops an admin server on the socket given, as often as told. @module */
import { openTestService } from "#domain/tokens/testing.ts";
import { startAdminServer } from "../admin_server.ts";

const [socket, times] = Deno.args;
const { service: tokens } = await openTestService();
for (let i = 0; i < Number(times); i++) {
  const server = await startAdminServer({ socket, tokens, isServing: () => true, log: () => {} });
  await server.stop();
}
