import * as fc from 'fast-check';
import type { Priority } from '../../../core/messages/message.js';
import type { Dialect } from './heard.fixture.js';

/** What an interceptor does with a message, while it is there. */
export type Fate = 'pass' | 'veto' | 'rewrite';

const targets = [
  ...(['room a', 'room b', 'room a but who', 'everyone', 'all but who', 'user', 'users', 'where'] as const),
  /** By the hub, by the connection itself, as bytes, and as an answer that a handler gives itself. */
  ...(['connection', 'own', 'raw', 'reply'] as const),
] as const;

/** Whom a message is sent to; `who` names a connection where one is needed. */
export type Target = (typeof targets)[number];

/** A message of the application's. */
export interface SendOperation {
  readonly kind: 'send';
  readonly to: Target;
  readonly who: number;
  readonly lane: Priority;
  readonly byteLength: number;
  readonly fate: Fate;
  readonly asksForAck: boolean;
  /** So many of them, one behind the other. */
  readonly count: number;
}

/** A request of a client. */
export interface RequestOperation {
  readonly kind: 'request';
  readonly who: number;
  readonly byteLength: number;
  readonly fate: Fate;
  /** Whether the handler takes a turn. */
  readonly isSlow: boolean;
}

/** What the program behind a connection does of itself. */
export interface ClientOperation {
  readonly kind: 'client';
  readonly who: number;
  readonly does:
    | 'pause'
    | 'resume'
    /** Reads nothing until nothing more can be written to it. */
    | 'stall'
    /** The same, but within the turn: what the turn sends afterwards comes to a link that has just refused. */
    | 'flood'
    /** Sends three pings of RFC 6455 at once. */
    | 'ping'
    | 'ping envelope'
    | 'close'
    /** Ends its side without a close frame. */
    | 'end'
    | 'reset';
}

/** One thing that happens. `who` counts connections, around. */
export type Operation =
  | SendOperation
  | RequestOperation
  | ClientOperation
  | { readonly kind: 'join' | 'leave'; readonly who: number; readonly room: 'a' | 'b' }
  | { readonly kind: 'welcome' | 'close'; readonly who: number }
  | { readonly kind: 'intercept'; readonly isOn: boolean };

/** One connection of a script. */
export interface ConnectionPlan {
  readonly userId: 'ann' | 'bob';
  readonly dialect: Dialect;
  readonly mayCompress: boolean;
  /** The connect callback holds it until it is welcomed. */
  readonly isHeld: boolean;
  readonly rooms: readonly ('a' | 'b')[];
}

/** A whole run, as plain data. */
export interface Script {
  readonly connections: readonly ConnectionPlan[];
  readonly maxMessages: number;
  readonly maxHighMessages: number;
  readonly maxBytes: number;
  readonly flushDelayMs: number;
  /** The operations of each turn of the event loop. */
  readonly turns: readonly (readonly Operation[])[];
  /** Whether everybody reads to the end before the end begins. */
  readonly isSettled: boolean;
  readonly end: 'close' | 'drain';
}

const who = fc.nat({ max: 4 });
// 2,000 bytes are worth compressing; 106 and 65,516 make a raw message longer than a length of 7 and of 16 bits.
const byteLength = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(0, 0, 100, 105, 106) },
  { weight: 3, arbitrary: fc.constant(2_000) },
  { weight: 1, arbitrary: fc.constantFrom(20_000, 40_000, 65_515, 65_516, 66_000) },
);
const fate = fc.constantFrom<Fate>('pass', 'pass', 'pass', 'pass', 'veto', 'rewrite');

const send: fc.Arbitrary<SendOperation> = fc.record({
  kind: fc.constant('send'),
  to: fc.constantFrom(...targets, 'room a', 'own'),
  who,
  lane: fc.constantFrom<Priority>('normal', 'normal', 'high'),
  byteLength,
  fate,
  asksForAck: fc.boolean(),
  count: fc.constant(1),
});

/** Enough for an early flush, and for more than one write once a link takes bytes again. */
const burst: fc.Arbitrary<SendOperation> = fc.record({
  ...{ kind: fc.constant('send'), to: fc.constantFrom<Target>('room a', 'everyone', 'own'), who },
  ...{ lane: fc.constantFrom<Priority>('normal', 'normal', 'high'), byteLength: fc.constantFrom(0, 0, 2_000) },
  ...{ fate: fc.constant('pass'), asksForAck: fc.constant(false), count: fc.constantFrom(5, 40, 300) },
});

const request: fc.Arbitrary<RequestOperation> = fc.record({
  kind: fc.constant('request'),
  who,
  byteLength,
  fate,
  isSlow: fc.boolean(),
});

const client: fc.Arbitrary<ClientOperation> = fc.record({
  kind: fc.constant('client'),
  who,
  does: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('pause', 'resume', 'ping', 'ping envelope') },
    { weight: 2, arbitrary: fc.constantFrom('stall', 'flood') },
    { weight: 1, arbitrary: fc.constantFrom('close', 'end', 'reset') },
  ),
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 22, arbitrary: send },
  { weight: 2, arbitrary: burst },
  { weight: 3, arbitrary: request },
  { weight: 9, arbitrary: client },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('join', 'leave'), who, room: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('welcome', 'welcome', 'close'), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('intercept'), isOn: fc.boolean() }) },
);

/** A turn that sends more than one budget to a link which has just refused. */
const floodedTurn: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(who, burst, fc.constantFrom(40, 300))
  .map(([flooded, messages, count]) => [
    { kind: 'client', who: flooded, does: 'flood' },
    { ...messages, who: flooded, count },
  ]);
const turn: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 8, arbitrary: fc.array(operation, { minLength: 1, maxLength: 10 }) },
  { weight: 1, arbitrary: floodedTurn },
);

const connectionPlan: fc.Arbitrary<ConnectionPlan> = fc.record({
  userId: fc.constantFrom('ann', 'bob'),
  dialect: fc.constantFrom('wsc.v1.json', 'wsc.v1.json', 'ginforge.v1.json'),
  mayCompress: fc.boolean(),
  isHeld: fc.constantFrom(false, false, false, true),
  rooms: fc.constantFrom([], ['a'], ['a'], ['a', 'b']),
});

/** Anything that may happen to up to five connections. */
export const scripts: fc.Arbitrary<Script> = fc.record({
  connections: fc.array(connectionPlan, { minLength: 1, maxLength: 5 }),
  maxMessages: fc.constantFrom(4, 32, 256),
  maxHighMessages: fc.constantFrom(2, 64),
  maxBytes: fc.constantFrom(32 * 1024, 1024 * 1024),
  flushDelayMs: fc.constantFrom(0, 0, 0, 1),
  turns: fc.array(turn, { maxLength: 12 }),
  isSettled: fc.boolean(),
  end: fc.constantFrom('close', 'drain'),
});
