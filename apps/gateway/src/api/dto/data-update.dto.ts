import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { AnyJson, IsWscName } from '@nest-wsc/demo-service';

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
