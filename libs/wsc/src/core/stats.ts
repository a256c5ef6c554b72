import type { DropPolicy } from './outbox/backpressure.js';

/** Counters of one node, since it started. */
export interface Counters {
  messagesReceived: number;
  messagesSent: number;
  bytesReceived: number;
  errors: number;
  invalidMessages: number;
  droppedMessages: number;
  readonly droppedByPolicy: Record<DropPolicy, number>;
  closedSlowConsumers: number;
  fallenBehind: number;
  refusedConnections: number;
  ignoredAcks: number;
  acceptedConnections: number;
  storedMessages: number;
  redelivered: number;
  acknowledgedMessages: number;
  recoveries: number;
  failedRecoveries: number;
  resumedSessions: number;
}

/** Counters that stand at zero. */
export function createCounters(): Counters {
  return {
    messagesReceived: 0,
    messagesSent: 0,
    bytesReceived: 0,
    errors: 0,
    invalidMessages: 0,
    droppedMessages: 0,
    droppedByPolicy: { 'drop-oldest': 0, 'drop-newest': 0, 'latest-only': 0 },
    closedSlowConsumers: 0,
    fallenBehind: 0,
    refusedConnections: 0,
    ignoredAcks: 0,
    acceptedConnections: 0,
    storedMessages: 0,
    redelivered: 0,
    acknowledgedMessages: 0,
    recoveries: 0,
    failedRecoveries: 0,
    resumedSessions: 0,
  };
}

/** What a hub knows of its node. */
export interface HubStats {
  readonly nodeId: string;
  readonly totalClients: number;
  readonly onlineUsers: number;
  readonly totalRooms: number;
  readonly uptimeSeconds: number;
  readonly messagesReceived: number;
  /** Messages queued for connections: one message to a room of ten counts ten. */
  readonly messagesSent: number;
  /** Mean size of the messages received. */
  readonly averageMessageBytes: number;
  readonly bytesReceived: number;
  readonly errors: number;
  readonly invalidMessages: number;
  /** Messages that a connection missed because its outbox was over budget: left out, or let go while they were queued. */
  readonly droppedMessages: number;
  /** Of them, those that the `backpressure` of their room's namespace dropped, by policy; the others each closed their connection. */
  readonly droppedByPolicy: Readonly<Record<DropPolicy, number>>;
  /** Connections closed with 4008: over budget, or their link took nothing for the write time-out. */
  readonly closedSlowConsumers: number;
  /** How often a connection was too slow for a room with history and got its messages later, from the store. */
  readonly fallenBehind: number;
  /** Messages that this node has stored: durable ones, and those to rooms with history. */
  readonly storedMessages: number;
  /** How often a connection of this node got a durable message again, since it had not acknowledged it. */
  readonly redelivered: number;
  /** Durable messages that devices have acknowledged to this node: one that two devices have counts two. */
  readonly acknowledgedMessages: number;
  /** Messages whose time was up before each device had them, by which node noticed it: when the user's inbox was used next. */
  readonly deadLetters: number;
  /** How often a client that came back to a room got all that it had missed. */
  readonly recoveries: number;
  /** How often it was told instead that it can't have it. */
  readonly failedRecoveries: number;
  /** Clients that went on where their last connection ended. */
  readonly resumedSessions: number;
  readonly droppedEvents: number;
  readonly acceptedConnections: number;
  readonly refusedConnections: number;
  /** Acknowledgements of messages that were not sent to who acknowledged. */
  readonly ignoredAcks: number;
  /** Connections whose link takes no bytes now. */
  readonly blockedConnections: number;
  readonly runningHandlers: number;
}
