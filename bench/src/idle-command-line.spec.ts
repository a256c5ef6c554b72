import { parseIdleCommandLine } from './idle-command-line.js';

describe('the command line of the idle connections', () => {
  it('holds 10,000 for five minutes by default', () => {
    const options = { connections: 10_000, durationMs: 300_000, heartbeatMs: 30_000 };
    expect(parseIdleCommandLine([])).toEqual({ kind: 'run', options });
  });

  it('takes other numbers', () => {
    const args = ['--connections', '200', '--minutes', '0.5', '--heartbeat-ms', '1000'];
    const options = { connections: 200, durationMs: 30_000, heartbeatMs: 1000 };
    expect(parseIdleCommandLine(args)).toEqual({ kind: 'run', options });
  });

  it('answers --help before it looks at numbers', () => {
    const help = { kind: 'answer', text: expect.stringContaining('--heartbeat-ms N'), exitCode: 0 };
    expect(parseIdleCommandLine(['--minutes', 'x', '--help'])).toEqual(help);
  });

  it.each([
    [['--nothing'], 'There is no option "--nothing".'],
    [['2000'], 'Expected nothing but options, got "2000".'],
    [['--connections', '0'], 'Expected --connections to be a whole number from 1 to 60,000, got "0".'],
    [['--connections', 'ten'], 'Expected --connections to be a whole number from 1 to 60,000, got "ten".'],
    [['--minutes', '0'], 'Expected --minutes to be a number over 0, up to 1,440, got "0".'],
    [['--minutes', 'x'], 'Expected --minutes to be a number over 0, up to 1,440, got "x".'],
    [['--heartbeat-ms', '5'], 'Expected --heartbeat-ms to be a whole number from 100 to 3,600,000, got "5".'],
  ])('says what is wrong with %j', (args, message) => {
    const text = `${message}\nSee npm run bench:idle -- --help.`;
    expect(parseIdleCommandLine(args)).toEqual({ kind: 'answer', text, exitCode: 2 });
  });
});
