/** The way to the service manager's socket, one datagram a message (sd_notify(3)). */
export interface NotifySender {
  /** Throws when the manager does not take it. */
  send(message: string): void;
  /** Closing twice is harmless. */
  close(): void;
}
