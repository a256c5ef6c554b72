import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length, Matches } from 'class-validator';

/** A notification for a person. */
export class NotificationDto {
  @ApiProperty({ example: 'Shipped', minLength: 1, maxLength: 200 })
  @IsString()
  @Length(1, 200)
  readonly title!: string;

  @ApiProperty({ example: 'Your order is on its way.', maxLength: 4000 })
  @IsString()
  @Length(0, 4000)
  readonly body!: string;

  @ApiPropertyOptional({ example: '📦', maxLength: 2048 })
  @IsOptional()
  @IsString()
  @Length(1, 2048)
  readonly icon?: string;

  @ApiPropertyOptional({ example: '/orders/17', maxLength: 2048, description: 'An http(s) address or a path' })
  @IsOptional()
  // Whoever shows it will make it a link: `javascript:` must not come through.
  @Matches(/^(https?:\/\/[^\s]+|\/(?!\/)[^\s]*)$/, { message: 'link must be an http(s) address or a path' })
  @Length(1, 2048)
  readonly link?: string;
}
