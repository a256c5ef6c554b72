import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsObject, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { AnyJson, IsWscName, MayBeAbsent } from '@nest-wsc/demo-service';

/** An event and its data, for everybody. */
export class MessageDto {
  @ApiProperty({ example: 'order.shipped', pattern: '^[A-Za-z0-9_.:-]{1,128}$' })
  @IsWscName()
  readonly event!: string;

  @ApiPropertyOptional({ description: 'Any JSON', example: { order: 17 } })
  @AnyJson()
  readonly data?: unknown;
}

/** How an acked send waits. */
export class AckDto {
  @ApiPropertyOptional({ default: 5000, minimum: 1, maximum: 60_000, description: 'Milliseconds per attempt' })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(60_000)
  readonly timeout_ms?: number;

  @ApiPropertyOptional({ default: 0, minimum: 0, maximum: 10, description: 'Further attempts after the first' })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(10)
  readonly retries?: number;
}

/** How a message is kept for a user. */
class DurableDto extends MessageDto {
  @ApiPropertyOptional({
    default: false,
    description: 'Kept until each of the devices has acknowledged it, or its time is up',
  })
  @MayBeAbsent()
  @IsBoolean()
  readonly durable?: boolean;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: 2_592_000_000,
    description: 'Milliseconds for which a durable one is kept',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(2_592_000_000)
  readonly time_to_live_ms?: number;

  @ApiPropertyOptional({ minLength: 1, maxLength: 64, description: 'Sent again with the same id, it counts once' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 64)
  readonly id?: string;
}

/** A message to a user; with `ack` the answer waits until one of the user's devices has processed it. */
export class UserMessageDto extends DurableDto {
  @ApiPropertyOptional({ type: AckDto })
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => AckDto)
  readonly ack?: AckDto;
}

/** A message to a room's members. */
export class RoomMessageDto {
  @ApiPropertyOptional({ default: 'room_message', pattern: '^[A-Za-z0-9_.:-]{1,128}$' })
  @MayBeAbsent()
  @IsWscName()
  readonly event?: string;

  @ApiPropertyOptional({ description: 'Any JSON', example: { text: 'Hello, room' } })
  @AnyJson()
  readonly data?: unknown;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 64,
    description: 'In rooms with history: sent again with the same id, it counts once',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 64)
  readonly id?: string;

  @ApiPropertyOptional({
    minimum: 0,
    description: 'In rooms with history: left out unless it is above every version of this event so far',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly version?: number;
}
