import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsObject, IsOptional, Max, Min } from 'class-validator';

/** What a room is created with, or changed to. */
export class RoomDto {
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { topic: 'Support' } })
  @IsOptional()
  @IsObject()
  readonly metadata?: Readonly<Record<string, unknown>>;

  @ApiPropertyOptional({ minimum: 0, maximum: 1_000_000, description: '0: no limit of its own', default: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly max_members?: number;
}
