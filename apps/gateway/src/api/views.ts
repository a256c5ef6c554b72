import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { AckOutcome, DeadLetter, RoomInfo, RoomUser, SendResult } from '@nest-wsc/wsc';

/** What is true after a send. */
export class SendView {
  @ApiProperty({ example: '019a3c5e-7d1b-7c4e-9a53-2f1f0c9b8a77' })
  readonly id!: string;

  @ApiProperty({ description: 'Connections of this gateway that it was queued for' })
  readonly queued!: number;

  @ApiProperty({ description: 'Connections that it could not be queued for' })
  readonly dropped!: number;

  @ApiProperty({ required: false, description: 'Other gateways that it was handed to; what they queue is not counted' })
  readonly other_nodes?: number;

  @ApiPropertyOptional({ description: 'Where it is kept: its place in the history of the room, or in the inbox' })
  readonly offset?: number;

  @ApiPropertyOptional({ description: 'Offsets of different epochs can not be compared' })
  readonly epoch?: string;

  @ApiPropertyOptional({ description: 'It was kept before, by the first send with this id' })
  readonly repeated?: true;

  @ApiPropertyOptional({ description: 'It was left out: a newer version is kept' })
  readonly stale?: true;
}

export const toSendView = (result: SendResult): SendView => ({
  id: result.id,
  queued: result.queued,
  dropped: result.dropped,
  ...(result.otherNodes !== undefined && { other_nodes: result.otherNodes }),
  ...(result.offset !== undefined && { offset: result.offset }),
  ...(result.epoch !== undefined && { epoch: result.epoch }),
  ...(result.isRepeat === true && { repeated: true }),
  ...(result.isStale === true && { stale: true }),
});

/** 202 for what was only queued; 200 for what is kept. */
export const statusOf = ({ offset }: SendView): number => (offset === undefined ? 202 : 200);

/** What is kept for a user. */
export class InboxView {
  @ApiProperty({ description: 'Durable messages that a device has still to acknowledge' })
  readonly messages!: number;

  @ApiProperty({ description: 'Durable messages whose time was up before' })
  readonly dead_letters!: number;
}

/** A durable message whose time was up. */
export class DeadLetterView {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly event!: string;

  @ApiProperty({ description: 'Any JSON' })
  readonly data!: unknown;

  @ApiProperty({ enum: ['expired'] })
  readonly reason!: DeadLetter['reason'];

  @ApiProperty({ description: 'Milliseconds since 1970' })
  readonly died_at!: number;
}

export const toDeadLetterView = ({ message, reason, diedAt }: DeadLetter): DeadLetterView => ({
  id: message.id,
  event: message.event,
  data: message.data,
  reason,
  died_at: diedAt,
});

/** How an acked send ended. */
export class AckView {
  @ApiProperty({ enum: ['acked', 'stored', 'unknown', 'failed'] })
  readonly status!: AckOutcome['status'];

  @ApiProperty()
  readonly id!: string;

  @ApiPropertyOptional({ description: 'The device that acknowledged first' })
  readonly device_id?: string;

  @ApiProperty()
  readonly attempts!: number;

  @ApiProperty()
  readonly elapsed_ms!: number;

  @ApiPropertyOptional({ description: 'Stored: its place in the inbox' })
  readonly offset?: number;

  @ApiPropertyOptional()
  readonly epoch?: string;

  @ApiPropertyOptional({ description: 'Why it was not acked' })
  readonly reason?: string;
}

export function toAckView(outcome: AckOutcome): AckView {
  const { status, id, attempts, elapsedMs } = outcome;
  const told = { status, id, attempts, elapsed_ms: Math.round(elapsedMs) };
  switch (outcome.status) {
    case 'acked':
      return { ...told, ...(outcome.deviceId !== undefined && { device_id: outcome.deviceId }) };
    case 'stored':
      return { ...told, offset: outcome.offset, epoch: outcome.epoch };
    case 'unknown':
    case 'failed':
      return { ...told, reason: outcome.reason };
  }
}

/** A room, as this node knows it. */
export class RoomView {
  @ApiProperty({ example: 'chat:lobby' })
  readonly room!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly metadata!: Readonly<Record<string, unknown>>;

  @ApiProperty({ description: '0: no limit of its own' })
  readonly max_members!: number;

  @ApiProperty({ description: 'Connections that are members' })
  readonly members!: number;

  @ApiProperty({ description: 'Milliseconds since 1970' })
  readonly created_at!: number;
}

export const toRoomView = (info: RoomInfo): RoomView => ({
  room: info.room,
  metadata: info.metadata,
  max_members: info.maxMembers,
  members: info.members,
  created_at: info.createdAt,
});

/** A user in a room. */
export class MemberView {
  @ApiProperty()
  readonly user_id!: string;

  @ApiProperty()
  readonly devices!: number;

  @ApiProperty({ description: 'Milliseconds since 1970' })
  readonly since!: number;
}

export class MembersView {
  @ApiProperty({ type: [MemberView] })
  readonly members!: readonly MemberView[];

  @ApiProperty()
  readonly count!: number;
}

export const toMembersView = (users: readonly RoomUser[]): MembersView => ({
  members: users.map(({ userId, devices, since }) => ({ user_id: userId, devices, since })),
  count: users.length,
});

export class OnlineView {
  @ApiProperty({ type: [String] })
  readonly users!: readonly string[];

  @ApiProperty({ description: 'Of all pages' })
  readonly count!: number;

  @ApiPropertyOptional({ description: 'For the next page; absent on the last' })
  readonly cursor?: string;
}

export class UserOnlineView {
  @ApiProperty()
  readonly user_id!: string;

  @ApiProperty()
  readonly online!: boolean;
}

export class ClosedView {
  @ApiProperty({ description: 'Connections that were ended with 4503' })
  readonly closed_connections!: number;
}

export class DeletedRoomView {
  @ApiProperty()
  readonly room!: string;

  @ApiProperty({ description: 'Members that were put out' })
  readonly removed_members!: number;
}
