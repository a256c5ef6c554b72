import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsObject, Max, Min } from 'class-validator';
import { MayBeAbsent } from '@nest-wsc/demo-service';

/** What a room is created with, or changed to. */
export class RoomDto {
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { topic: 'Support' } })
  @MayBeAbsent()
  @IsObject()
  readonly metadata?: Readonly<Record<string, unknown>>;

  @ApiPropertyOptional({ minimum: 0, maximum: 1_000_000, description: '0: no limit of its own', default: 0 })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly max_members?: number;
}
