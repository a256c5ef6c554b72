import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { MayBeAbsent } from '@nest-wsc/demo-service';

/** Which part of a long list. */
export class PageDto {
  @ApiPropertyOptional({ minimum: 1, maximum: 1000, default: 100 })
  @MayBeAbsent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly limit?: number;

  @ApiPropertyOptional({ description: 'From the page before' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 512)
  readonly cursor?: string;
}
