import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsString, Length } from 'class-validator';
import { IsLink, MayBeAbsent } from '@nest-wsc/demo-service';

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
  @MayBeAbsent()
  @IsString()
  @Length(1, 2048)
  readonly icon?: string;

  @ApiPropertyOptional({ example: '/orders/17', maxLength: 2048, description: 'An http(s) address or a path' })
  @MayBeAbsent()
  @IsLink()
  readonly link?: string;

  @ApiPropertyOptional({ default: false, description: 'Kept until each of the devices has acknowledged it' })
  @MayBeAbsent()
  @IsBoolean()
  readonly durable?: boolean;
}
