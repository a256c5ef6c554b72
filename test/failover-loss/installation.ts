/** A Redis that is going to fail. */
export interface Installation extends AsyncDisposable {
  /** What the gateway with this number, 0 or 1, is told of where Redis is: see gateway.mjs. */
  readonly redisOf: (gateway: number) => object;
  /** Whether what is about to fail has the keys of this user or room. @default all */
  readonly isHit?: (name: string) => Promise<boolean>;
  /** Lets it fail. Settles when it is whole again, as far as it ever is by itself. */
  readonly fail: () => Promise<void>;
}
