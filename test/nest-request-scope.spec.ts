import { CanActivate, Inject, Injectable, Scope, UseGuards } from '@nestjs/common';
import {
  APP_GUARD,
  ContextIdFactory,
  REQUEST,
  type ContextId,
  type ContextIdStrategy,
  type HostComponentInfo,
} from '@nestjs/core';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Connection, WscModule } from '@nest-wsc/wsc';
import { closeApps, startApp } from './support/apps.js';
import { startConnected } from './support/connected-app.js';
import { WscClient } from './support/wsc-client.js';

afterEach(closeApps);

/** Gives all connections of a tenant the same durable instances, as Nest's documentation does for requests. */
class TenantStrategy implements ContextIdStrategy {
  readonly #contexts = new Map<string, ContextId>();

  attach(contextId: ContextId, owner: unknown) {
    const tenant = owner instanceof Connection ? (owner.params['tenant'] ?? '') : '';
    const shared = this.#contexts.get(tenant) ?? ContextIdFactory.create();
    this.#contexts.set(tenant, shared);
    return {
      resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? shared : contextId),
      payload: { tenant },
    };
  }
}

describe('request scope', () => {
  const made: object[] = [];

  @Injectable({ scope: Scope.REQUEST })
  class Session {
    readonly calls: string[] = [];
    constructor(@Inject(REQUEST) readonly connection: unknown) {
      made.push(this);
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class Guard implements CanActivate {
    constructor(@Inject(Session) private readonly session: Session) {}

    canActivate(): boolean {
      this.session.calls.push('guard');
      return this.session.connection instanceof Connection;
    }
  }

  @WebSocketGateway()
  class ScopedGateway {
    constructor(@Inject(Session) private readonly session: Session) {}

    @UseGuards(Guard)
    @SubscribeMessage('calls')
    calls(@ConnectedSocket() connection: Connection) {
      this.session.calls.push('handler');
      return { calls: this.session.calls, isOwn: this.session.connection === connection };
    }
  }

  it('is the connection: one instance of the gateway for each, shared with its guards', async () => {
    made.length = 0;
    const { client, url } = await startConnected({ providers: [ScopedGateway, Session, Guard] });
    const other = await WscClient.connect(`${url}/ws`);
    await client.request('calls');
    expect(await client.request('calls')).toMatchObject({
      data: { calls: ['guard', 'handler', 'guard', 'handler'], isOwn: true },
    });
    expect(await other.request('calls')).toMatchObject({ data: { calls: ['guard', 'handler'], isOwn: true } });
    expect(made).toHaveLength(2);
  });

  it('is what a durable provider says it is, for example the tenant', async () => {
    ContextIdFactory.apply(new TenantStrategy());
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Tenant {
      count = 0;
      constructor(@Inject(REQUEST) readonly payload: { readonly tenant: string }) {}
    }
    @WebSocketGateway({ path: '/ws/:tenant' })
    class TenantGateway {
      constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

      @SubscribeMessage('count')
      count() {
        return `${this.tenant.payload.tenant} ${String(++this.tenant.count)}`;
      }
    }
    const { url } = await startApp({ imports: [WscModule.forRoot()], providers: [TenantGateway, Tenant] });
    const [first, second, other] = await Promise.all(
      ['acme', 'acme', 'other'].map((tenant) => WscClient.connect(`${url}/ws/${tenant}`)),
    );
    expect(await first?.request('count')).toMatchObject({ data: 'acme 1' });
    expect(await second?.request('count')).toMatchObject({ data: 'acme 2' });
    expect(await other?.request('count')).toMatchObject({ data: 'other 1' });
    ContextIdFactory.apply({ attach: (contextId) => () => contextId });
  });

  it('stays the connection for all else beside a durable provider, whichever is asked first', async () => {
    ContextIdFactory.apply(new TenantStrategy());
    const seenByGuard: unknown[] = [];
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Tenant {
      constructor(@Inject(REQUEST) readonly payload: unknown) {}
    }
    @Injectable({ scope: Scope.REQUEST })
    class SeeingGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly owner: unknown) {}

      canActivate(): boolean {
        seenByGuard.push(this.owner instanceof Connection);
        return true;
      }
    }
    @WebSocketGateway({ path: '/ws/:tenant' })
    class TenantGateway {
      constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

      @SubscribeMessage('tenant')
      read() {
        return this.tenant.payload;
      }
    }
    @WebSocketGateway({ path: '/ws/:tenant' })
    class SessionGateway {
      constructor(@Inject(Session) private readonly session: Session) {}

      @SubscribeMessage('session')
      read(@ConnectedSocket() connection: Connection) {
        return this.session.connection === connection;
      }
    }
    const { url } = await startApp({
      imports: [WscModule.forRoot()],
      providers: [TenantGateway, SessionGateway, Tenant, Session, { provide: APP_GUARD, useClass: SeeingGuard }],
    });
    for (const order of [
      ['tenant', 'session'],
      ['session', 'tenant'],
    ]) {
      const client = await WscClient.connect(`${url}/ws/acme`);
      const answers = new Map<string, unknown>();
      for (const event of order) answers.set(event, (await client.request(event))['data']);
      expect(Object.fromEntries(answers)).toEqual({ tenant: { tenant: 'acme' }, session: true });
    }
    expect(seenByGuard).toEqual([true, true, true, true]);
    ContextIdFactory.apply({ attach: (contextId) => () => contextId });
  });

  it('is refused at the start for transient guards, which Nest would run half made', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientGuard implements CanActivate {
      canActivate = () => true;
    }
    @WebSocketGateway()
    class Gateway {
      @UseGuards(TransientGuard)
      @SubscribeMessage('x')
      x() {
        return 1;
      }
    }
    await expect(startConnected({ providers: [Gateway] })).rejects.toThrow(
      '"TransientGuard" on "Gateway" has transient scope',
    );
  });
});
