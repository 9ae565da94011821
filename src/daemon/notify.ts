import { messageOf } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import type { NotifySender } from "#ports/notify_sender.ts";

/** Tells the service manager how the daemon is; without one, every method does nothing. See sd_notify(3). */
export interface Notifier extends Disposable {
  /** The daemon serves. From here on the watchdog is fed too, if there is one. */
  ready(): void;
  /** The daemon reads its files again; ready() says that it is done. */
  reloading(): void;
  /** The daemon drains. */
  stopping(): void;
}

export interface NotifierOptions {
  readonly log: Log;
  /** Opens the way to $NOTIFY_SOCKET, before the seal. */
  readonly open: (address: string) => NotifySender;
  /** Read once, here: NOTIFY_SOCKET and WATCHDOG_USEC (needs --allow-env for both). */
  readonly env?: Pick<Deno.Env, "get">;
}

const SILENT: Notifier = {
  ready() {},
  reloading() {},
  stopping() {},
  [Symbol.dispose]() {},
};

/**
 * A vault that cannot notify still serves: what goes wrong is a warning, and a service of Type=notify is then stopped by
 * its manager.
 */
export function createNotifier({ log, open, env = Deno.env }: NotifierOptions): Notifier {
  const address = env.get("NOTIFY_SOCKET") ?? "", watchdog = env.get("WATCHDOG_USEC");
  if (address === "") return SILENT;
  try {
    return new SocketNotifier(open(address), watchdogMs(watchdog), log);
  } catch (reason) {
    log("warn", `cannot notify the service manager at ${address}: ${messageOf(reason)}`);
    return SILENT;
  }
}

class SocketNotifier implements Notifier {
  #timer: ReturnType<typeof setInterval> | undefined;
  #hasWarned = false;

  constructor(readonly sender: NotifySender, readonly watchdogMs: number | undefined, readonly log: Log) {}

  ready(): void {
    this.#send("READY=1");
    if (this.watchdogMs === undefined || this.#timer !== undefined) return;
    const timer = setInterval(() => this.#send("WATCHDOG=1"), this.watchdogMs / 2);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }

  reloading(): void {
    this.#send("RELOADING=1");
  }

  stopping(): void {
    this.#send("STOPPING=1");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.sender.close();
  }

  /** A lost message is told once, not at every beat of the watchdog. */
  #send(message: string): void {
    try {
      this.sender.send(`${message}\n`);
    } catch (reason) {
      if (!this.#hasWarned) this.log("warn", `cannot send ${message} to the service manager: ${messageOf(reason)}`);
      this.#hasWarned = true;
    }
  }
}

/** The watchdog's limit in milliseconds; undefined when there is none. */
function watchdogMs(microseconds: string | undefined): number | undefined {
  return /^[1-9]\d{0,15}$/.test(microseconds ?? "") ? Number(microseconds) / 1000 : undefined;
}
