/** Resident memory of a process in bytes: now, and the most it ever had. Linux only. */
export async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const bytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
  return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
}

/** Processor time of a process, all threads that live, in milliseconds; NaN where the system does not tell. */
export function processorTimeOf(pid: number): number {
  try {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
    const nanoseconds = threads.map(({ name }) =>
      Number(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ")[0])
    );
    return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6;
  } catch {
    return NaN;
  }
}
