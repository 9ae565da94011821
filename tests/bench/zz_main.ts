import "/tmp/wt/i7s/tests/bench/secrets_server.ts";
setTimeout(() => Deno.exit(0), 9000);
