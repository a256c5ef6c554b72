import {
  BadRequestException,
  CanActivate,
  createParamDecorator,
  Injectable,
  NestInterceptor,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  type CallHandler,
  type ExecutionContext,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { OnConnect } from '@nest-wsc/wsc';
import { IsInt } from 'class-validator';
import { lastValueFrom, of } from 'rxjs';
import { closeApps } from './support/apps.js';
import { startConnected } from './support/connected-app.js';

afterEach(closeApps);

/** What ends a process where nobody looks: each must have been somebody's. */
function watchRejections() {
  const rejections: unknown[] = [];
  const listener = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', listener);
  return { rejections, [Symbol.dispose]: () => process.off('unhandledRejection', listener) };
}

/** As `knex` queries and others: it has a `then`, and answers nothing from it. */
class Thenable {
  readonly #settle: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void;

  constructor(settle: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) {
    this.#settle = settle;
  }

  then(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    setImmediate(() => this.#settle(resolve, reject));
  }
}

class CountDto {
  @IsInt()
  readonly count!: number;
}

const Failing = createParamDecorator(() => {
  throw new UnauthorizedException('nobody');
});
const Later = createParamDecorator((value: unknown) => Promise.resolve(value));
const Never = createParamDecorator(() => Promise.reject(new BadRequestException('never')));
const Queried = createParamDecorator((value: unknown) => new Thenable((resolve) => resolve(value)));

describe('parameters of the application’s own', () => {
  @WebSocketGateway({ path: '/ws' })
  class Gateway {
    @SubscribeMessage('failing')
    failing(@Failing() _user: unknown, @MessageBody(new ValidationPipe()) dto: CountDto): unknown {
      return dto;
    }

    @SubscribeMessage('never')
    never(@Never() _value: unknown, @MessageBody(new ValidationPipe()) dto: CountDto): unknown {
      return dto;
    }

    @SubscribeMessage('later')
    later(@Later('one') one: unknown, @Queried('two') two: unknown, @MessageBody() data: unknown): unknown {
      return [one, two, data];
    }
  }

  it('refuse the message where they throw or reject, whatever becomes of the other parameters’ pipes', async () => {
    using watched = watchRejections();
    const { client } = await startConnected({ providers: [Gateway] });
    expect(await client.request('failing', { count: 'none' })).toMatchObject({ error: expect.any(String) });
    expect(await client.request('failing', { count: 1 })).toMatchObject({
      error: 'WSC_UNAUTHORIZED',
      message: 'nobody',
    });
    expect(await client.request('never', { count: 1 })).toMatchObject({ error: 'WSC_VALIDATION_FAILED' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(watched.rejections).toEqual([]);
  });

  it('may answer later, with a promise or with anything that has a then', async () => {
    const { client } = await startConnected({ providers: [Gateway] });
    expect(await client.request('later', 3)).toMatchObject({ data: ['one', 'two', 3] });
  });
});

describe('a method that returns something with a then', () => {
  const connected: string[] = [];

  @WebSocketGateway({ path: '/ws' })
  class Gateway {
    @OnConnect()
    hello(): unknown {
      return new Thenable((resolve) => resolve(connected.push('hello')));
    }

    @SubscribeMessage('good')
    good(): unknown {
      return new Thenable((resolve) => resolve('good'));
    }

    @SubscribeMessage('bad')
    bad(): unknown {
      return new Thenable((_resolve, reject) => reject(new BadRequestException('bad')));
    }
  }

  it('is waited for: its value is the answer, its error the refusal, and a connection waits for its hook', async () => {
    const { client } = await startConnected({ providers: [Gateway] });
    expect(connected).toEqual(['hello']);
    expect(await client.request('good')).toMatchObject({ data: 'good' });
    expect(await client.request('bad')).toMatchObject({ error: 'WSC_VALIDATION_FAILED', message: 'bad' });
  });
});

describe('a guard that says no', () => {
  @Injectable()
  class No implements CanActivate {
    canActivate(): boolean {
      return false;
    }
  }

  @Injectable()
  class NoLater implements CanActivate {
    canActivate() {
      return of(false);
    }
  }

  @WebSocketGateway({ path: '/ws' })
  class Gateway {
    @UseGuards(No)
    @SubscribeMessage('no')
    no(): string {
      return 'called';
    }

    @UseGuards(NoLater)
    @SubscribeMessage('no.later')
    noLater(): string {
      return 'called';
    }
  }

  it('refuses in Nest’s own words, at once or later', async () => {
    const { client } = await startConnected({ providers: [Gateway] });
    const refused = { error: 'WSC_FORBIDDEN', message: 'Forbidden resource' };
    expect(await client.request('no')).toMatchObject(refused);
    expect(await client.request('no.later')).toMatchObject(refused);
  });
});

describe('an interceptor that does not give an Observable', () => {
  @Injectable()
  class Passing implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle();
    }
  }

  /** A mistake that the compiler lets pass where types are loose. */
  @Injectable()
  class Mistaken {
    async intercept(_context: ExecutionContext, next: CallHandler): Promise<unknown> {
      return lastValueFrom(next.handle());
    }
  }

  @WebSocketGateway({ path: '/ws' })
  class Gateway {
    @UseInterceptors(Passing, Mistaken)
    @SubscribeMessage('inner')
    inner(): string {
      return 'called';
    }

    @UseInterceptors(Mistaken)
    @SubscribeMessage('outer')
    outer(): string {
      return 'called';
    }
  }

  it('fails the request and nothing else', async () => {
    using watched = watchRejections();
    const { client } = await startConnected({ providers: [Gateway] });
    expect(await client.request('inner')).toMatchObject({ error: 'WSC_INTERNAL' });
    expect(await client.request('outer')).toMatchObject({ error: 'WSC_INTERNAL' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(watched.rejections).toEqual([]);
  });
});
