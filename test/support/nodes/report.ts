/** Writes what a fault did, as one line that Jest neither decorates nor holds back. */
export function report(fault: string, felt: string): void {
  process.stdout.write(`${fault}: ${felt}\n`);
}

export const inMs = (ms: number): string => `${String(Math.round(ms))} ms`;
