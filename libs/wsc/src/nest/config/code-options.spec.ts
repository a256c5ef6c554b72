import { MemoryConnectTokens, MemoryRevocationList } from '../../access/index.js';
import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { MemorySessions } from '../../stores/memory/memory-sessions.js';
import { MemoryStreams } from '../../stores/memory/memory-streams.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { WscConfigError } from './config-fault.js';
import { resolveWscConfig } from './resolve-config.js';

/** What the start is stopped with, a line each. */
function faultsOf(options: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    resolveWscConfig(options, {});
    return [];
  } catch (error) {
    if (!(error instanceof WscConfigError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace('  - ', ''));
  }
}

class Guard {
  canActivate(): boolean {
    return true;
  }
}

const method = (): undefined => undefined;

describe('an option that only code can give', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      'an authenticator without methods',
      { authenticator: {} },
      'authenticator is an object without keys (option authenticator): expected an object with the methods authenticate, verify.',
    ],
    [
      'an authenticator with one of its methods',
      { authenticator: { authenticate: method, apiKey: 'hunter2' } },
      'authenticator is an object with ["authenticate","apiKey"] (option authenticator): expected an object with the methods',
    ],
    ['the class of an authenticator', { authenticator: Guard }, 'authenticator is the class Guard (option auth'],
    ['null for an authenticator', { authenticator: null }, 'authenticator is null (option authenticator): expected'],
    ['revocations', { revocations: { revoke: method } }, 'expected an object with the methods revoke, isRevoked.'],
    [
      'connect tokens',
      { connectTokens: 'redis' },
      'connectTokens is (hidden, 5 bytes) (option connectTokens): expected',
    ],
    ['addresses', { addresses: ['10.0.0.0/8'] }, 'addresses is a list of 1 (option addresses): expected an object'],
    [
      'a broker',
      { broker: 'redis://:hunter2@a' },
      'broker is (hidden, 18 bytes) (option broker): expected an object with',
    ],
    ['streams', { streams: {} }, 'streams is an object without keys (option streams): expected an object with the met'],
    ['an inbox', { inbox: new Map() }, 'inbox is an object'],
    ['sessions', { sessions: 7 }, 'sessions is 7 (option sessions): expected an object with the methods save, extend'],
    [
      'request claims',
      { requestClaims: { claim: method } },
      'requestClaims is an object with ["claim"] (option requestClaims): expected an object with the methods claim, finish, release, close.',
    ],
    ['presence', { presence: true }, 'presence is true (option presence): expected an object with the methods '],
    ['checkOrigin', { checkOrigin: 'x' }, 'checkOrigin is "x" (option checkOrigin): expected a function.'],
    ['authorizeChat', { authorizeChat: true }, 'authorizeChat is true (option authorizeChat): expected a function.'],
    [
      'a class for a function',
      { authorizeChat: Guard },
      'authorizeChat is the class Guard (option authorizeChat): exp',
    ],
    [
      'guards that are none',
      { connectGuards: [Guard, new Guard(), 'x'] },
      'connectGuards[2] is "x" (option connectGuards[2]): expected a guard: a class, or an object with the method canActivate.',
    ],
    ['a function for a guard', { connectGuards: [method] }, 'connectGuards[0] is a function method (option connectGua'],
    ['one guard for a list', { connectGuards: Guard }, 'connectGuards is the class Guard (option connectGuards): expe'],
    ['middleware', { upgradeMiddleware: [method, {}] }, 'upgradeMiddleware[1] is an object without keys (option upgra'],
    ['namespaces', { namespaces: true }, 'namespaces is true (option namespaces): expected an object of namespaces.'],
    [
      'a policy',
      { namespaces: { chat: { policy: { authorizeJoin: true } } } },
      'namespaces.chat.policy is an object with ["authorizeJoin"] (option namespaces.chat.policy): expected an object with any of',
    ],
    ['TLS', { port: 0, https: 'key hunter2' }, 'https is (hidden, 11 bytes) (option https): expected an object.'],
    ['names of variables', { ownVariables: 'WSC_X' }, 'ownVariables is "WSC_X" (option ownVariables): expected a list'],
    ['a claim', { jwt: { userIdFrom: 'email' } }, 'jwt.userIdFrom is "email" (option jwt.userIdFrom): expected a fun'],
    ['a tolerance', { jwt: { clockToleranceSeconds: '5' } }, 'expected a number of seconds, 0 or more.'],
    ['a secret in place of the JWT options', { jwt: 'hunter2' }, 'jwt (option jwt): expected an object with secret,'],
  ])('stops the start where it has not the shape that is needed: %s', (_, options, expected) => {
    expect(faultsOf(options)).toEqual([expect.stringContaining(expected)]);
    expect(faultsOf(options).join()).not.toContain('hunter2');
  });

  it('is told together with all else that is wrong', () => {
    expect(faultsOf({ authenticator: {}, connectGuards: ['x'], authorizeChat: true, checkOrigin: 'x' })).toHaveLength(
      4,
    );
    expect(faultsOf({ broker: {}, maxRooms: -1 })).toHaveLength(2);
  });

  it('is taken where it has the shape, methods of a class included', () => {
    class Authenticator {
      authenticate = method;
      verify(): undefined {
        return undefined;
      }
    }
    const clock = new FakeClock();
    const broker = new MemoryBroker();
    expect(
      faultsOf({
        authenticator: new Authenticator(),
        revocations: new MemoryRevocationList({ clock }),
        connectTokens: new MemoryConnectTokens({}, { clock }),
        addresses: { clientAddress: method, isAllowed: method },
        broker,
        streams: new MemoryStreams({ clock, broker }),
        inbox: new MemoryInbox({ clock, broker }),
        sessions: new MemorySessions({ clock }),
        requestClaims: { claim: method, finish: method, release: method, close: method },
        presence: new MemoryPresence(),
        connectGuards: [Guard, new Guard()],
        upgradeMiddleware: [method, async () => undefined],
        namespaces: { chat: { policy: { authorizeJoin: method, members: [] } } },
        checkOrigin: method,
        authorizeChat: undefined,
        ownVariables: ['WSC_X'],
        jwt: { userIdFrom: method, nameClaim: 'n', clockToleranceSeconds: 0.5 },
      }),
    ).toEqual([]);
  });
});
