import { createSession, traceIdFrom } from './ids.js';

describe('a session secret', () => {
  it('is 256 bits in base64url, and never the same, whoever asks for how many', () => {
    const sessions = Array.from({ length: 200 }, createSession);
    for (const session of sessions) expect(session).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(sessions).size).toBe(200);
  });
});

describe('a trace id', () => {
  it('is 32 hexadecimal digits, and never the same', () => {
    const traceIds = Array.from({ length: 300 }, () => traceIdFrom(undefined));
    for (const traceId of traceIds) expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(traceIds).size).toBe(300);
  });

  it('is taken over from a traceparent, and made where that is none', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(traceIdFrom(`00-${traceId}-00f067aa0ba902b7-01`)).toBe(traceId);
    expect(traceIdFrom(traceId)).toMatch(/^(?!4bf92f35)[0-9a-f]{32}$/);
  });
});
