import { TestVault } from "../support/test_vault.ts";
import { goldenBlob } from "../support/paths.ts";
import { VaultClient } from "../support/vault_client.ts";
await using v = await TestVault.start();
const token=await v.issueToken("a"); await v.cli("role","update","--name","admin","--rate-limit","1000000/1s");
const c=new VaultClient("localhost:"+v.port,v.ca); const b=new TextDecoder().decode(goldenBlob("one-shard-4096"));
for (const conc of [1,8]) { const t=performance.now(); let n=0; await Promise.all(Array.from({length:conc},async()=>{while(performance.now()-t<3000){await c.decryptScores({token,encrypted_blob_b64:b,top_k:10});n++;}}));
const l=Deno.readTextFileSync(v.dir+"/logs/audit.log").trim().split("\n").slice(-n).map(x=>JSON.parse(x).latency_ms).sort((a,b)=>a-b);
console.log(conc,n/3,"rps; server latency p50",l[n>>1],"p10",l[n/10|0],"p90",l[n*0.9|0]); }
