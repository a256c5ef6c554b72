import { parseCommandLine, type RunOptions } from './command-line.js';
import { scenarios } from './scenarios/index.js';

function optionsOf(...args: string[]): RunOptions {
  const command = parseCommandLine(args);
  if (command.kind !== 'run') throw new Error(`Expected a run, got ${JSON.stringify(command)}.`);
  return command.options;
}

const namesOf = (...args: string[]): string[] => optionsOf(...args).chosen.map(({ name }) => name);

describe('the command line', () => {
  it('runs everything, three rounds, by default', () => {
    expect(optionsOf()).toEqual({
      chosen: scenarios,
      rounds: 3,
      scale: 'full',
      peers: undefined,
      docs: false,
      into: undefined,
      profile: false,
    });
  });

  it('takes the beginnings of names for all that begin so', () => {
    expect(namesOf('burst')).toEqual(['burst-1000-128b', 'burst-5000-128b', 'burst-1000-512b']);
  });

  it('takes a whole name for this one only', () => {
    expect(namesOf('request')).toEqual(['request']);
    expect(namesOf('request', 'growth-of')).toEqual(['request', 'growth-of-joins']);
  });

  it('measures one round in smoke, whatever it is told', () => {
    expect(optionsOf('--smoke', '--rounds', '5')).toMatchObject({ scale: 'smoke', rounds: 1 });
  });

  it('writes docs of few peers or tiny numbers elsewhere than into the repository', () => {
    const elsewhere = { docs: true, into: '/elsewhere' };
    expect(optionsOf('--smoke', '--docs', '--into', '/elsewhere')).toMatchObject({ scale: 'smoke', ...elsewhere });
    expect(optionsOf('--peers', 'ours', '--docs', '--into', '/elsewhere')).toMatchObject({
      peers: ['ours'],
      ...elsewhere,
    });
  });

  it('answers --help and --list before it looks at anything else', () => {
    const help = { kind: 'answer', text: expect.stringContaining('--rounds N'), exitCode: 0 };
    expect(parseCommandLine(['--help', 'nothing'])).toEqual(help);
    const list = { kind: 'answer', text: expect.stringMatching(/^burst-1000-128b +Burst of 100/), exitCode: 0 };
    expect(parseCommandLine(['--list', 'nothing'])).toEqual(list);
  });

  it.each([
    [['nothing'], /no scenario "nothing"/],
    [['--rounds', '0'], /--rounds to be a whole number from 1 to 100, got "0"/],
    [['--rounds', '1.5'], /got "1.5"/],
    [['--peers', 'ours,theirs'], /no peer "theirs"; there are ours, stock/],
    [['--nothing'], /^There is no option "--nothing"\.\nSee npm run bench -- --help\.$/],
    [['--smoke', '--docs'], /--docs needs --into/],
    [['--peers', 'ours', '--docs'], /--docs needs --into/],
  ])('says what is wrong with %j', (args, message) => {
    expect(parseCommandLine(args)).toEqual({ kind: 'answer', text: expect.stringMatching(message), exitCode: 2 });
  });
});
