/**
 * Why a token is asked for: `connect` for an ordinary attempt, `expired` after the server ended the connection with 4001,
 * `refused` after it answered 401. After the last two a token from a cache is of no use.
 */
export type TokenReason = 'connect' | 'expired' | 'refused';

/**
 * Called before each attempt to connect. What it throws is reported and the attempt repeated later; to end the client
 * (the user is logged out), throw a `WscError` with `WSC_UNAUTHORIZED`.
 */
export type TokenProvider = (reason: TokenReason) => string | Promise<string>;

/** A token that stays as it is, or a function that gets one. */
export type TokenOrProvider = string | TokenProvider;

/** Where the credential of the next attempt comes from. */
export class TokenSource {
  #source: TokenOrProvider | undefined;

  constructor(source: TokenOrProvider | undefined) {
    this.#source = source;
  }

  /** Whether a refused token can be followed by another one. */
  get canRenew(): boolean {
    return typeof this.#source === 'function';
  }

  /** Whether there is a token that can't be renewed. */
  get isFixed(): boolean {
    return typeof this.#source === 'string';
  }

  async read(reason: TokenReason): Promise<string | undefined> {
    return typeof this.#source === 'function' ? this.#source(reason) : this.#source;
  }

  replace(source: TokenOrProvider): void {
    this.#source = source;
  }

  /** Takes a token that the server has accepted; a provider stays, since it will know of newer ones. */
  accept(token: string): void {
    if (!this.canRenew) this.#source = token;
  }
}
