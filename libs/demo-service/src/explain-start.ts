/**
 * Why a start failed, and what to do about what goes wrong most.
 * @param example a command that starts it on another port
 */
export function explainStart(error: unknown, example: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!('code' in error) || error.code !== 'EADDRINUSE') return error.message;
  const port = 'port' in error ? String(error.port) : '';
  return `Port ${port} is in use, perhaps by another start of this service. Choose one that is free: ${example}`;
}
