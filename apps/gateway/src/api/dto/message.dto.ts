import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { AnyJson, IsWscName } from '@nest-wsc/demo-service';

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
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(60_000)
  readonly timeout_ms?: number;

  @ApiPropertyOptional({ default: 0, minimum: 0, maximum: 10, description: 'Further attempts after the first' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(10)
  readonly retries?: number;
}

/** A message to a user; with `ack` the answer waits until one of the user's devices has processed it. */
export class UserMessageDto extends MessageDto {
  @ApiPropertyOptional({ type: AckDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => AckDto)
  readonly ack?: AckDto;
}

/** A message to a room's members. */
export class RoomMessageDto {
  @ApiPropertyOptional({ default: 'room_message', pattern: '^[A-Za-z0-9_.:-]{1,128}$' })
  @IsOptional()
  @IsWscName()
  readonly event?: string;

  @ApiPropertyOptional({ description: 'Any JSON', example: { text: 'Hello, room' } })
  @AnyJson()
  readonly data?: unknown;
}
