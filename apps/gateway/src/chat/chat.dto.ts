import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { IsWscName } from '@nest-wsc/demo-service';

/** Data of `chat.send`. */
export class ChatSendDto {
  @IsWscName()
  readonly room!: string;

  @IsString()
  @Length(1, 4000)
  readonly text!: string;
}

/** Data of `slow`. */
export class SlowDto {
  @IsInt()
  @Min(0)
  @Max(5000)
  readonly ms!: number;
}
