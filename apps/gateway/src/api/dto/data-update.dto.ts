import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { AnyJson } from '../../http/any-json.js';
import { IsWscName } from '../../http/names.decorators.js';

/** Tells everybody that something changed. */
export class DataUpdateDto {
  @ApiProperty({ example: 'order' })
  @IsWscName()
  readonly entity!: string;

  @ApiProperty({ example: 'updated' })
  @IsWscName()
  readonly action!: string;

  @ApiProperty({ example: '17', minLength: 1, maxLength: 128 })
  @IsString()
  @Length(1, 128)
  readonly id!: string;

  @ApiPropertyOptional({ description: 'Any JSON' })
  @AnyJson()
  readonly data?: unknown;
}
