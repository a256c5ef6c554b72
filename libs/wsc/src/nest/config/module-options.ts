import type { ServerOptions as HttpsOptions } from 'node:https';
import type { CanActivate, Type } from '@nestjs/common';
import type { JwtClaims } from '../../access/index.js';
import type { AuthorizeChat } from '../../core/built-ins/chat-route.js';
import type { Handshake } from '../../core/connect/handshake.js';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import type { Middleware } from '../../core/extensions/middleware.js';
import type { AddressPolicy, Authenticator, ConnectTokens, RevocationList } from '../../core/ports/access.js';
import type { Broker } from '../../core/ports/broker.js';
import type { Inbox } from '../../core/ports/inbox.js';
import type { RequestClaims } from '../../core/ports/request-claims.js';
import type { Sessions } from '../../core/ports/sessions.js';
import type { Streams } from '../../core/ports/streams.js';
import type { Presence } from '../../core/ports/presence.js';
import type { NamespaceOptions } from '../../core/rooms/namespace-table.js';
import type { WscRedisOptions } from './redis-settings.js';
import type { WscSettings } from './wsc-settings.js';

/** How tokens are checked (docs/auth.md). Give one of `secret`, `publicKey` and `jwksUrl`. */
export interface WscJwtOptions {
  /** Shared secret of HS256, HS384 and HS512; at least 32 bytes. `JWT_SECRET` */
  readonly secret?: string | undefined;
  /** PEM of an RSA, EC or Ed25519 public key. `JWT_PUBLIC_KEY` */
  readonly publicKey?: string | undefined;
  /** Where the public keys are fetched. `JWT_JWKS_URL` */
  readonly jwksUrl?: string | undefined;
  /** Accepted values of `iss`. `JWT_ISSUER` @default any */
  readonly issuer?: string | readonly string[] | undefined;
  /** Accepted values of `aud`. `JWT_AUDIENCE` @default any */
  readonly audience?: string | readonly string[] | undefined;
  /** Fewer algorithms than the key could have. `JWT_ALGORITHMS` @default all that fit the key */
  readonly algorithms?: readonly string[] | undefined;
  /** The user id of a token. @default its `sub` */
  readonly userIdFrom?: ((claims: JwtClaims) => unknown) | undefined;
  /** The claim that holds the user type. @default 'user_type' */
  readonly userTypeClaim?: string | undefined;
  /** The claim that holds the name that others see. @default 'name' */
  readonly nameClaim?: string | undefined;
  /** How far ahead the issuer's clock may be, for `nbf`. @default 5 */
  readonly clockToleranceSeconds?: number | undefined;
}

/** Options that only code can give: functions, objects, classes. */
export interface WscCodeOptions {
  /** Checks credentials instead of the JWT authenticator; `JWT_*` is left alone then. */
  readonly authenticator?: Authenticator | undefined;
  /** @default a list in Redis where it is given, else in memory */
  readonly revocations?: RevocationList | undefined;
  /** @default tokens in Redis where it is given, else in memory */
  readonly connectTokens?: ConnectTokens | undefined;
  /** Decides about addresses instead of `trustedProxies`, `ipAllow` and `ipDeny`. */
  readonly addresses?: AddressPolicy | undefined;
  /** Decides about `Origin` instead of `origins`. */
  readonly checkOrigin?: ((handshake: Handshake) => MaybePromise<boolean>) | undefined;
  /** Guards of every connection, run before the 101; their context's client is the `Handshake`. */
  readonly connectGuards?: readonly (CanActivate | Type<CanActivate>)[] | undefined;
  readonly connect?:
    | {
        /** Whether `APP_GUARD` and global guards run at the handshake too. @default false */
        readonly globalGuards?: boolean | undefined;
      }
    | undefined;
  /** Around authentication and guards; each calls `next` or throws. */
  readonly upgradeMiddleware?: readonly Middleware<Handshake>[] | undefined;
  /** What clients may do with the rooms of a namespace; those of others are the application's only. @default none */
  readonly namespaces?: Readonly<Record<string, NamespaceOptions>> | undefined;
  /** Whether one user may send `chat` to another. @default nobody may */
  readonly authorizeChat?: AuthorizeChat | undefined;
  /** Carries messages between nodes. @default `redis` where it is given, else in memory: this node only */
  readonly broker?: Broker | undefined;
  /** Keeps durable messages for users. @default memory, or Redis where it is configured */
  readonly inbox?: Inbox | undefined;
  /** Keeps what clients resume. @default memory, or Redis where it is configured */
  readonly sessions?: Sessions | undefined;
  /** Where the messages of rooms with history are kept. @default memory, or Redis where it is configured */
  readonly streams?: Streams | undefined;
  /** Which node runs a request with an id. @default Redis where it is configured; else each node knows its own requests only */
  readonly requestClaims?: RequestClaims | undefined;
  /** Knows who is online. @default `redis` where it is given, else in memory: this node only */
  readonly presence?: Presence | undefined;
  /** TLS of the own port (`port`), as Node's `https.createServer` takes it. */
  readonly https?: HttpsOptions | undefined;
  /** `WSC_*` variables that the application reads itself, which are not warned about. @default none */
  readonly ownVariables?: readonly string[] | undefined;
}

type NestedSettingName = Extract<keyof WscSettings, `jwt${string}` | `redis${string}`>;

/** The settings of {@link WscSettings} with the JWT ones under `jwt` and those of Redis under `redis`. */
export type WscSettingOptions = {
  readonly [Name in Exclude<keyof WscSettings, NestedSettingName>]?: WscSettings[Name] | undefined;
} & { readonly jwt?: WscJwtOptions | undefined; readonly redis?: WscRedisOptions | undefined };

/**
 * What `WscModule.forRoot` takes. What is absent or undefined comes from the environment, then from the file, then from
 * the defaults (docs/configuration.md).
 */
export type WscModuleOptions = WscSettingOptions & WscCodeOptions;

/** Every option that is not a setting, so that a mistyped one is found; the compiler holds it complete. */
export const codeOptionNames = Object.freeze(
  Object.keys({
    authenticator: true,
    revocations: true,
    connectTokens: true,
    addresses: true,
    checkOrigin: true,
    connectGuards: true,
    connect: true,
    upgradeMiddleware: true,
    namespaces: true,
    authorizeChat: true,
    broker: true,
    streams: true,
    sessions: true,
    inbox: true,
    requestClaims: true,
    presence: true,
    https: true,
    ownVariables: true,
  } satisfies Record<keyof WscCodeOptions, true>),
);

/** Those of {@link WscJwtOptions} that only code can give. */
export const jwtCodeOptionNames = Object.freeze(
  Object.keys({
    userIdFrom: true,
    userTypeClaim: true,
    nameClaim: true,
    clockToleranceSeconds: true,
  } satisfies Record<
    Exclude<keyof WscJwtOptions, 'secret' | 'publicKey' | 'jwksUrl' | 'issuer' | 'audience' | 'algorithms'>,
    true
  >),
);
