import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { NestLogger } from './nest-logger.js';

/** What Nest hands to its logger: the line, and below it a stack. */
class KeptOutput implements LoggerService {
  text = '';

  log = (line: unknown): void => this.#write(line);
  warn = (line: unknown): void => this.#write(line);
  debug = (line: unknown): void => this.#write(line);

  error(line: unknown, stack?: string): void {
    this.#write(line);
    if (stack !== undefined) this.#write(stack);
  }

  #write(text: unknown): void {
    this.text += `${String(text)}\n`;
  }
}

function withGetter(property: string): Error {
  return Object.defineProperty(new Error('broken'), property, {
    get: () => {
      throw new Error('getter');
    },
  });
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const forged = '\n[Nest] 1 - ERROR forged\r\n\u001b[2J\u0085\u2028\u009b31m';

describe('a log line', () => {
  const logger = new NestLogger();
  let output: KeptOutput;

  beforeEach(() => {
    output = new KeptOutput();
    Logger.overrideLogger(output);
  });

  afterAll(() => {
    Logger.overrideLogger(new ConsoleLogger());
  });

  /** As a terminal or a log shipper would split it. */
  const linesOf = (text: string): readonly string[] =>
    text.split(/[\n\r\u0085\u2028\u2029]/).filter((line) => line !== '');

  it.each(['warn', 'info', 'debug'] as const)(
    '(%s) stays one line without controls, whatever its values hold',
    (level) => {
      logger[level]('Something happened.', { userAgent: forged, list: [forged], error: new Error(forged) });
      const [line = '', ...others] = linesOf(output.text);
      expect(others).toEqual([]);
      expect(line).toMatch(/^[ -~]+$/);
      expect(line).toContain('Something happened. userAgent="\\n[Nest] 1 - ERROR forged');
    },
  );

  it('is cut where a value is long', () => {
    logger.warn('Something happened.', { userAgent: 'x'.repeat(65_536), error: new Error('y'.repeat(65_536)) });
    expect(output.text.length).toBeLessThan(700);
    expect(output.text).toContain('…');
  });

  it('of an error has the frames of its stack below, and nothing that the message put there', () => {
    logger.error('A handler failed.', { cause: new Error(`no room ${forged}\n    at [Nest] forged`) });
    const [line, ...frames] = linesOf(output.text);
    expect(line).toContain('A handler failed. cause="Error: no room \\n[Nest] 1 - ERROR forged');
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) expect(frame).toMatch(/^ {4}at [ -~]+$/);
    expect(frames.join('')).not.toContain('forged');
  });

  it.each([
    ['whose stack was made up', Object.assign(new Error('broken'), { stack: `made up ${forged}` })],
    ['without a stack', Object.assign(new Error(forged), { stack: undefined })],
    ['that is none', forged],
  ])('of an error %s is all there is', (_, cause) => {
    logger.error('A handler failed.', { cause });
    expect(linesOf(output.text)).toEqual([expect.stringContaining('A handler failed. cause="')]);
  });

  it('says what it can of values that have no JSON', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    logger.info('Something happened.', { circular, big: 1n, nothing: undefined });
    expect(output.text).toContain('circular="[object Object]" big="1" nothing="undefined"');
  });

  it.each<[string, () => unknown]>([
    ['has no prototype and a BigInt', () => Object.assign(Object.create(null) as object, { big: 1n })],
    ['throws for its message', () => withGetter('message')],
    ['throws for its stack', () => withGetter('stack')],
    ['has a name that is no text', () => Object.assign(new Error('broken'), { name: Symbol('name') })],
    ['has a stack that is no text', () => Object.assign(new Error('broken'), { stack: 5 })],
    ['is a symbol', () => Symbol('thrown')],
    ['is a revoked proxy', revokedProxy],
  ])('comes whatever was thrown: something that %s', (_, thrown) => {
    expect(() => logger.error('A handler failed.', { cause: thrown(), event: 'x' })).not.toThrow();
    expect(linesOf(output.text)[0]).toMatch(/^A handler failed\. cause=".*" event="x"$/);
  });

  it('that the application can not write harms nobody', () => {
    output.error = () => {
      throw new Error('disk full');
    };
    expect(() => logger.error('A handler failed.')).not.toThrow();
  });

  it('without values is just its message', () => {
    logger.info('Something happened.', {});
    logger.info('Something happened.');
    expect(linesOf(output.text)).toEqual(['Something happened.', 'Something happened.']);
  });
});
