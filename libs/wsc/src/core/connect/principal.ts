/** Who a connection belongs to, as an authenticator found. */
export interface Principal {
  /** 1..128 printable characters without spaces (PROTOCOL.md §5). */
  readonly userId: string;
  readonly name?: string;
  /** For example `customer`, `agent`, `admin`, `visitor`. */
  readonly userType?: string;
  /** What the credential said, for the application. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Names the credential for revocation: its `jti`, else a hash of it. Never the credential. */
  readonly tokenId?: string;
  /** When the credential ends; milliseconds since 1970. The connection is closed with 4001 then. */
  readonly expiresAt?: number;
}
