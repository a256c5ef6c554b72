import { checkOptions, readArguments, wholeNumber } from './arguments.js';

const options = { rounds: { type: 'string' }, smoke: { type: 'boolean' } } as const;

describe('options', () => {
  it.each([[[]], [['burst', '--rounds', '3', '--smoke']], [['--rounds=-3']]])('may be %j', (args) => {
    expect(() => checkOptions(args, options)).not.toThrow();
  });

  it.each([
    [['--nothing'], 'There is no option "--nothing".'],
    [['burst', '-x'], 'There is no option "-x".'],
    [['--constructor'], 'There is no option "--constructor".'],
    [['--rounds'], 'Expected a value behind --rounds.'],
    [['--rounds', '--smoke'], 'Expected a value behind --rounds.'],
    [['--smoke=yes'], 'Expected no value for --smoke, got "yes".'],
  ])('are not %j', (args, message) => {
    expect(() => checkOptions(args, options)).toThrow(new Error(message));
  });
});

describe('a whole number', () => {
  it('is in its range', () => {
    expect(['1', '20000'].map((text) => wholeNumber('--connections', text, [1, 20_000]))).toEqual([1, 20_000]);
  });

  it.each(['', ' '])('is not "%s", which Number() takes for 0', (text) => {
    expect(() => wholeNumber('--rounds', text, [0, 1])).toThrow('Expected --rounds to be');
  });

  it.each(['0', '20001', '1.5', 'many', 'Infinity'])('is not "%s"', (text) => {
    const message = `Expected --connections to be a whole number from 1 to 20,000, got "${text}".`;
    expect(() => wholeNumber('--connections', text, [1, 20_000])).toThrow(new Error(message));
  });
});

describe('reading arguments', () => {
  it('answers what is wrong with them, and where the help is', () => {
    const read = (): never => {
      throw new Error('There is no option "--nothing".');
    };
    const text = 'There is no option "--nothing".\nSee npm run bench -- --help.';
    expect(readArguments('npm run bench', read)).toEqual({ kind: 'answer', text, exitCode: 2 });
  });
});
