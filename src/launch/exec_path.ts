// Inside a shell that `deno task` starts, the word deno may not be on the PATH: this says where it is.
console.log(Deno.execPath());
