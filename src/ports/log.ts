export type LogLevel = "debug" | "info" | "warn" | "error";

/** The application log. Messages never hold a secret. */
export type Log = (level: LogLevel, message: string) => void;
