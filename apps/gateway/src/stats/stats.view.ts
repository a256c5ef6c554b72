import { ApiProperty } from '@nestjs/swagger';
import type { HubStats } from '@nest-wsc/wsc';

/** Messages that a room's backpressure dropped. */
export class DroppedByPolicyView {
  @ApiProperty({ description: 'Queued, and let go for a newer one' })
  readonly drop_oldest!: number;

  @ApiProperty({ description: 'Not queued' })
  readonly drop_newest!: number;

  @ApiProperty({ description: 'Queued, and superseded by one with the same key' })
  readonly latest_only!: number;
}

/** Numbers of this node since it started. */
export class StatsView {
  @ApiProperty()
  readonly node_id!: string;

  @ApiProperty({ description: 'Connections now' })
  readonly total_clients!: number;

  @ApiProperty({ description: 'Users with at least one connection now' })
  readonly online_users!: number;

  @ApiProperty({ description: 'Rooms now' })
  readonly total_rooms!: number;

  @ApiProperty({ description: 'Seconds' })
  readonly uptime!: number;

  @ApiProperty()
  readonly messages_received!: number;

  @ApiProperty({ description: 'One message to ten connections counts ten' })
  readonly messages_sent!: number;

  @ApiProperty({ description: 'Mean size of the messages received' })
  readonly average_message_bytes!: number;

  @ApiProperty()
  readonly bytes_received!: number;

  @ApiProperty()
  readonly errors!: number;

  @ApiProperty({ description: 'Envelopes that could not be read' })
  readonly invalid_messages!: number;

  @ApiProperty({ description: 'Acks of messages that were not sent to who acked' })
  readonly ignored_acks!: number;

  @ApiProperty({ description: 'What a connection missed because its outbox was over budget' })
  readonly dropped_messages!: number;

  @ApiProperty({ description: 'Of them, those that the backpressure of their room dropped' })
  readonly dropped_by_policy!: DroppedByPolicyView;

  @ApiProperty({ description: 'Connections closed with 4008' })
  readonly closed_slow_consumers!: number;

  @ApiProperty({
    description: 'How often a connection was too slow for a room with history, and got its messages later',
  })
  readonly fallen_behind!: number;

  @ApiProperty({ description: 'Messages that were stored: durable ones, and those to rooms with history' })
  readonly stored_messages!: number;

  @ApiProperty({ description: 'How often a connection got a durable message again, which it had not acknowledged' })
  readonly redelivered!: number;

  @ApiProperty({ description: 'Durable messages that devices have acknowledged: one that two devices have counts two' })
  readonly acknowledged_messages!: number;

  @ApiProperty({ description: 'Messages whose time was up before each device had them' })
  readonly dead_letters!: number;

  @ApiProperty({ description: 'How often a client that came back to a room got all that it had missed' })
  readonly recoveries!: number;

  @ApiProperty({ description: "How often it was told instead that it can't have it" })
  readonly failed_recoveries!: number;

  @ApiProperty({ description: 'Clients that went on where their last connection ended' })
  readonly resumed_sessions!: number;

  @ApiProperty({ description: 'Events of the event bus that no subscriber took in time' })
  readonly dropped_events!: number;

  @ApiProperty()
  readonly accepted_connections!: number;

  @ApiProperty()
  readonly refused_connections!: number;

  @ApiProperty({ description: 'Connections that take no bytes now' })
  readonly blocked_connections!: number;

  @ApiProperty()
  readonly running_handlers!: number;
}

/** The hub's numbers by their names in JSON. */
export const toStatsView = (stats: HubStats): StatsView => ({
  node_id: stats.nodeId,
  total_clients: stats.totalClients,
  online_users: stats.onlineUsers,
  total_rooms: stats.totalRooms,
  uptime: Math.floor(stats.uptimeSeconds),
  messages_received: stats.messagesReceived,
  messages_sent: stats.messagesSent,
  average_message_bytes: Math.round(stats.averageMessageBytes),
  bytes_received: stats.bytesReceived,
  errors: stats.errors,
  invalid_messages: stats.invalidMessages,
  ignored_acks: stats.ignoredAcks,
  dropped_messages: stats.droppedMessages,
  dropped_by_policy: {
    drop_oldest: stats.droppedByPolicy['drop-oldest'],
    drop_newest: stats.droppedByPolicy['drop-newest'],
    latest_only: stats.droppedByPolicy['latest-only'],
  },
  closed_slow_consumers: stats.closedSlowConsumers,
  fallen_behind: stats.fallenBehind,
  stored_messages: stats.storedMessages,
  redelivered: stats.redelivered,
  acknowledged_messages: stats.acknowledgedMessages,
  dead_letters: stats.deadLetters,
  recoveries: stats.recoveries,
  failed_recoveries: stats.failedRecoveries,
  resumed_sessions: stats.resumedSessions,
  dropped_events: stats.droppedEvents,
  accepted_connections: stats.acceptedConnections,
  refused_connections: stats.refusedConnections,
  blocked_connections: stats.blockedConnections,
  running_handlers: stats.runningHandlers,
});
