import assert from "node:assert/strict";
import { failureText } from "./failure_text.ts";

const FIXED = "; this executable was built with the permissions of its install directory alone: " +
  "work there, or use the runevault of the package";

for (
  const { message, want, fixed = FIXED } of [
    { message: "the tokens are gone", want: "the tokens are gone", fixed: "" },
    {
      message: 'Requires read access to "/srv/b.age", run again with the --allow-read flag',
      want: 'no permission to read "/srv/b.age"',
    },
    {
      message: 'read /srv/l.csv: Requires write access to "/srv/, x", run again with the --allow-write flag',
      want: 'read /srv/l.csv: no permission to write "/srv/, x"',
    },
    {
      message: 'Requires run access to "journalctl", run again with the --allow-run flag',
      want: 'no permission to run "journalctl"',
    },
    {
      message: 'Requires all access to "/proc/x", run again with the --allow-all flag',
      want: 'Deno lets no program touch "/proc/x"',
      fixed: "",
    },
  ]
) {
  Deno.test(`failureText() of "${message}" advises no flags`, () => {
    assert.equal(failureText(new Error(message), false), want);
    assert.equal(failureText(new Error(message), true), want + fixed);
  });
}

Deno.test("failureText() knows the words of this Deno", async () => {
  const script = `try { Deno.readTextFileSync("/srv/x"); } catch (e) { console.log(e.message); }`;
  const args = ["run", "--quiet", "--no-prompt", `data:text/javascript,${encodeURIComponent(script)}`];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  const message = new TextDecoder().decode(stdout).trim();
  assert.equal(failureText(new Error(message), false), 'no permission to read "/srv/x"');
});
