import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { IsWscName, IsWscUserId, MayBeAbsent } from '@nest-wsc/demo-service';

/** Body of `POST /auth/login`. */
export class LoginDto {
  @ApiProperty({ example: 'ada', minLength: 1, maxLength: 128 })
  @IsWscUserId()
  readonly user_id!: string;

  @ApiPropertyOptional({ example: 'Ada Lovelace', minLength: 1, maxLength: 80 })
  @MayBeAbsent()
  @IsString()
  @Length(1, 80)
  readonly name?: string;

  @ApiPropertyOptional({ example: 'customer', default: 'customer', description: 'admin and agent may use /api' })
  @MayBeAbsent()
  @IsWscName()
  readonly user_type?: string;
}

/** Body of `POST /auth/revoke`. */
export class RevokeDto {
  @ApiProperty({ description: 'The token that shall not be good any more' })
  @IsString()
  @Length(1, 8192)
  readonly token!: string;
}

/** Answer of `POST /auth/login`. */
export class TokenView {
  @ApiProperty()
  readonly token!: string;

  @ApiProperty({ description: 'Seconds', example: 3600 })
  readonly expires_in!: number;
}

/** Answer of `POST /auth/connect-token`. */
export class ConnectTokenView {
  @ApiProperty({ description: 'For one connection: `/ws?connect_token=…`' })
  readonly connect_token!: string;

  @ApiProperty({ description: 'Seconds', example: 30 })
  readonly expires_in!: number;
}

/** Answer of `POST /auth/revoke`. */
export class RevokedView {
  @ApiProperty({ description: 'Whether the token had been good until now' })
  readonly revoked!: boolean;

  @ApiProperty({ description: 'Connections that were ended with 4501' })
  readonly closed_connections!: number;
}
