import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { MessageRecord, MessageStatus } from '@nest-wsc/wsc';

/** What has become of a message. */
export class MessageRecordView {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly user_id!: string;

  @ApiProperty({ enum: ['queued', 'sent', 'acked', 'expired', 'failed'] })
  readonly status!: MessageStatus;

  @ApiPropertyOptional({ description: 'Why nobody has it, or is not known to' })
  readonly reason?: string;

  @ApiPropertyOptional({ description: 'Acked: the device that was first' })
  readonly device_id?: string;

  @ApiPropertyOptional({ description: 'With `ack`: how often it was sent' })
  readonly attempts?: number;

  @ApiProperty({ description: 'Milliseconds since 1970' })
  readonly queued_at!: number;

  @ApiProperty({ description: 'Milliseconds since 1970' })
  readonly changed_at!: number;
}

/** The record by its names in JSON. */
export const toMessageRecordView = (record: MessageRecord): MessageRecordView => ({
  id: record.id,
  user_id: record.userId,
  status: record.status,
  ...(record.reason !== undefined && { reason: record.reason }),
  ...(record.deviceId !== undefined && { device_id: record.deviceId }),
  ...(record.attempts !== undefined && { attempts: record.attempts }),
  queued_at: record.queuedAt,
  changed_at: record.changedAt,
});
