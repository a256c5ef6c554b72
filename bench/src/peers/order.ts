import {
  Injectable,
  type CanActivate,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { IsInt, IsString, MaxLength, Min } from 'class-validator';
import type { Observable } from 'rxjs';

/** What a request through the whole chain carries. */
export class OrderDto {
  @IsString()
  @MaxLength(64)
  readonly item!: string;

  @IsInt()
  @Min(1)
  readonly amount!: number;
}

/** A guard that looks at the data, as most do, and agrees. */
@Injectable()
export class OrderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<OrderDto>().amount > 0;
  }
}

/** An interceptor that looks on. */
@Injectable()
export class OrderInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}
