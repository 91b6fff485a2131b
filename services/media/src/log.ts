/** One JSON object a line on standard output, with the members that the apps in .NET write. Never keys (they name users), file names or bytes of pictures. */
export function log(level: "info" | "warning" | "error", message: string, facts: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, logger: "media", message, ...facts })}\n`);
}

/** What of an error may be logged: its kind and text, not what it was about. */
export function reason(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error);
}
