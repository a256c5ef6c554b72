const maxValueLength = 256;

/** A line for the log that no value can forge: facts beside a fixed text, cut and escaped to one line. */
export function logLine(message: string, facts: Readonly<Record<string, unknown>>): string {
  return [message, ...Object.entries(facts).map(([name, value]) => `${name}=${oneLine(value)}`)].join(' ');
}

/** Where an error happened, without its message, which may hold what a request did. */
export function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { stack = '', message } = error;
  const behindMessage = stack.slice(Math.max(stack.indexOf(message), 0) + message.length);
  const frames = behindMessage.split('\n').filter((line) => line.startsWith('    at '));
  return frames.length === 0 ? undefined : frames.map(withoutControls).join('\n');
}

function oneLine(value: unknown): string {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value);
  return withoutControls(JSON.stringify(text.slice(0, maxValueLength)));
}

/** JSON leaves some controls alone; terminals and log viewers do not. */
function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '?');
}
