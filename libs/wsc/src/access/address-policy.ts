import type { AddressPolicy } from '../core/ports/access.js';
import type { Logger } from '../core/ports/logger.js';
import { isInNetworks, parseAddress, parseNetwork, type Address, type Network } from './network.js';

/** Lists of IP addresses and CIDR networks, v4 and v6. */
export interface AddressLists {
  /** Proxies whose `X-Forwarded-For` is believed. @default none */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Who may connect. Empty: everybody who is not denied. @default none */
  readonly allow?: readonly string[] | undefined;
  /** Who may not connect, even where `allow` has them. @default none */
  readonly deny?: readonly string[] | undefined;
}

interface ParsedLists {
  readonly trustedProxies: readonly Network[];
  readonly allow: readonly Network[];
  readonly deny: readonly Network[];
}

/**
 * Addresses by lists of networks. `X-Forwarded-For` is walked from right to left for as long as the hop that wrote the
 * entry is trusted, so that what a client writes into the header itself is never believed.
 */
export class CidrAddressPolicy implements AddressPolicy {
  readonly #logger: Logger;
  #lists: ParsedLists;
  #hasWarned = false;

  /** @throws {Error} naming the list and the entry that is not an address or a network. */
  constructor(lists: AddressLists, dependencies: { readonly logger: Logger }) {
    this.#lists = parseLists(lists);
    this.#logger = dependencies.logger;
  }

  /**
   * Replaces the lists for the connections to come; those that are absent become empty. Nothing changes when one is wrong.
   * @throws {Error} as the constructor does.
   */
  update(lists: AddressLists): void {
    this.#lists = parseLists(lists);
  }

  /**
   * The client's address in its shortest form, without port and zone; IPv4-mapped IPv6 as IPv4. An entry that is not an
   * address ends the walk at the proxy that passed it on. A peer that is no address (a Unix socket) stays as it is.
   */
  clientAddress(peerAddress: string, forwardedFor: string | undefined): string {
    const peer = parseAddress(peerAddress);
    if (!peer) return peerAddress;
    if (forwardedFor === undefined) return peer.toString();
    if (!isInNetworks(peer, this.#lists.trustedProxies)) {
      this.#warnOnce(peer);
      return peer.toString();
    }
    return this.#walk(peer, forwardedFor).toString();
  }

  /** Deny wins. What is no address passes only while both lists are empty. */
  isAllowed(address: string): boolean {
    const { allow, deny } = this.#lists;
    if (allow.length === 0 && deny.length === 0) return true;
    const parsed = parseAddress(address);
    if (!parsed || isInNetworks(parsed, deny)) return false;
    return allow.length === 0 || isInNetworks(parsed, allow);
  }

  #walk(peer: Address, forwardedFor: string): Address {
    let current = peer;
    for (const entry of forwardedFor.split(',').reverse()) {
      if (!isInNetworks(current, this.#lists.trustedProxies)) break;
      const next = parseAddress(withoutPort(entry.trim()));
      if (!next) break;
      current = next;
    }
    return current;
  }

  #warnOnce(peer: Address): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#logger.warn(
      'A peer that is not a trusted proxy sent X-Forwarded-For; the header is ignored and the peer counts as the client. ' +
        'If this peer is your proxy or load balancer, add its address or network to the trusted proxies (WSC_TRUSTED_PROXIES).',
      { peer: peer.toString() },
    );
  }
}

function parseLists(lists: AddressLists): ParsedLists {
  const parse = (setting: keyof AddressLists): readonly Network[] =>
    (lists[setting] ?? []).map((text) => parseNetwork(text, setting));
  return { trustedProxies: parse('trustedProxies'), allow: parse('allow'), deny: parse('deny') };
}

/** Some load balancers add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. A bare IPv6 address has two colons or more. */
function withoutPort(entry: string): string {
  return /^\[([^\]]*)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? /^([^:]*):\d{1,5}$/.exec(entry)?.[1] ?? entry;
}
