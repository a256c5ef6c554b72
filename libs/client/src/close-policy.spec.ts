import { adviceFor, closeCodes, WscError } from '@nest-wsc/protocol';
import { decideAfterClose, decideAfterRefusal, decideAfterTokenFailure, type TokenState } from './close-policy.js';
import type { Refusal } from './refusal.js';

const provider: TokenState = { canRenew: true, isFixed: false, wasRenewed: false };
const fixed: TokenState = { canRenew: false, isFixed: true, wasRenewed: false };
const goodbye = { code: 1012, reason: 'service restart', reconnect: true, reconnectInMs: 1_830 };

describe('after a close', () => {
  it.each(Object.values(closeCodes))('with $code the client does what the protocol advises', ({ code, reason }) => {
    const decision = decideAfterClose({ code, reason, goodbye: undefined }, provider);
    expect(decision.action).toBe(adviceFor(code) === 'stop' ? 'stop' : 'retry');
  });

  it.each([
    [4500, 'WSC_INVALID_ENVELOPE'],
    [4501, 'WSC_UNAUTHORIZED'],
    [4502, 'WSC_INVALID_ENVELOPE'],
    [4503, 'WSC_FORBIDDEN'],
    [4504, 'WSC_CONFLICT'],
    [4999, 'WSC_FORBIDDEN'],
  ])('with %i the error that it stops with is %s and tells the code', (code, name) => {
    const { error } = decideAfterClose({ code, reason: 'why', goodbye: undefined }, provider);
    expect(error).toMatchObject({
      error: name,
      message: expect.stringContaining(`${code} (why)`),
      details: { closeCode: code },
    });
  });

  it('a goodbye tells the delay, up to an hour', () => {
    const after = (reconnectInMs: number): unknown =>
      decideAfterClose({ code: 1012, reason: '', goodbye: { ...goodbye, reconnectInMs } }, provider);
    expect(after(1_830)).toMatchObject({ delay: { kind: 'told', delayMs: 1_830 } });
    expect(after(1e15)).toMatchObject({ delay: { kind: 'told', delayMs: 3_600_000 } });
    expect(after(-5)).toMatchObject({ delay: { kind: 'told', delayMs: 0 } });
  });

  it('a goodbye counts for a planned close only', () => {
    expect(decideAfterClose({ code: 1006, reason: '', goodbye }, provider)).toMatchObject({
      delay: { kind: 'backoff' },
    });
  });

  it('a goodbye without reconnect stops the client', () => {
    const end = { code: 1012, reason: '', goodbye: { ...goodbye, reconnect: false } };
    expect(decideAfterClose(end, provider).action).toBe('stop');
  });

  it('an expired token is renewed at once, where there is a provider', () => {
    expect(decideAfterClose({ code: 4001, reason: '', goodbye: undefined }, provider)).toMatchObject({
      action: 'retry',
      delay: { kind: 'now' },
      tokenReason: 'expired',
    });
  });

  it('an expired token that can not be renewed stops the client and says what to do', () => {
    const decision = decideAfterClose({ code: 4001, reason: '', goodbye: undefined }, fixed);
    expect(decision).toMatchObject({ action: 'stop', error: { error: 'WSC_UNAUTHORIZED' } });
    expect(decision.error.message).toContain('Give connect() a function');
  });
});

describe('after a refused upgrade', () => {
  const refusal = (statusCode: number, more: Partial<Refusal> = {}): Refusal => ({
    statusCode,
    message: 'no',
    retryAfterMs: undefined,
    isFromGateway: true,
    ...more,
  });

  it.each([400, 401, 403, 404, 426])('%i from the gateway stops the client', (statusCode) => {
    const decision = decideAfterRefusal(refusal(statusCode), fixed);
    expect(decision).toMatchObject({ action: 'stop', error: { details: { statusCode } } });
    expect(decision.error.message).toContain(`${statusCode}: no`);
  });

  it.each([
    [400, 'WSC_FORBIDDEN'],
    [401, 'WSC_UNAUTHORIZED'],
    [403, 'WSC_FORBIDDEN'],
    [404, 'WSC_NOT_FOUND'],
    [429, 'WSC_LIMIT_EXCEEDED'],
    [503, 'WSC_UNAVAILABLE'],
  ])('%i is %s', (statusCode, name) => {
    expect(decideAfterRefusal(refusal(statusCode), fixed).error.error).toBe(name);
  });

  it.each([404, 502, 400])('%i from somebody else does not', (statusCode) => {
    expect(decideAfterRefusal(refusal(statusCode, { isFromGateway: false }), fixed).action).toBe('retry');
  });

  it('a 401 is tried once more with a new token', () => {
    expect(decideAfterRefusal(refusal(401), provider)).toMatchObject({
      action: 'retry',
      delay: { kind: 'soon' },
      tokenReason: 'refused',
    });
    expect(decideAfterRefusal(refusal(401), { ...provider, wasRenewed: true }).action).toBe('stop');
  });

  it.each([429, 503])('%i waits as long as it says', (statusCode) => {
    expect(decideAfterRefusal(refusal(statusCode, { retryAfterMs: 7_000 }), fixed)).toMatchObject({
      action: 'retry',
      delay: { kind: 'told-all', delayMs: 7_000 },
    });
  });

  it.each(['no-answer', 'no-refusal'] as const)('%s is tried again', (answer) => {
    expect(decideAfterRefusal(answer, fixed)).toMatchObject({ action: 'retry', delay: { kind: 'backoff' } });
  });

  it('that its own question is spared, a page of another origin is told where to look', () => {
    expect(decideAfterRefusal('no-refusal', fixed).error.message).toContain('WSC_ORIGINS');
  });
});

describe('after the token provider failed', () => {
  it('the client tries again, unless the provider says that nobody is logged in', () => {
    expect(decideAfterTokenFailure(new WscError('WSC_UNAVAILABLE')).action).toBe('retry');
    expect(decideAfterTokenFailure(new WscError('WSC_UNAUTHORIZED')).action).toBe('stop');
  });
});
