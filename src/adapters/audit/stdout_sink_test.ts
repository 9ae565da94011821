import assert from "node:assert/strict";

Deno.test("StdoutSink writes lines to standard output, in order", async () => {
  const script = `
    import { StdoutSink } from ${JSON.stringify(import.meta.resolve("./stdout_sink.ts"))};
    const sink = new StdoutSink();
    await Promise.all(["a", "b", "c"].map((line) => sink.write(line)));
    await sink.close();`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  assert.equal(new TextDecoder().decode(stdout), "a\nb\nc\n");
});
