import { InterceptorChain, type WscInterceptorLike } from './interceptors.js';
import type { OutboundMessage } from '../messages/message.js';

const message: OutboundMessage = { id: 'm', event: 'e', data: '', priority: 'normal', timestamp: 0 };
const target = { kind: 'everyone' } as const;

/** Writes its name behind the data, in both directions. */
class Marker implements WscInterceptorLike<string> {
  constructor(
    readonly name: string,
    readonly order = 0,
  ) {}

  inbound(inbound: { event: string; data: unknown }) {
    return { ...inbound, data: `${String(inbound.data)}${this.name}` };
  }

  outbound(outbound: OutboundMessage): OutboundMessage | undefined {
    return { ...outbound, data: `${String(outbound.data)}${this.name}` };
  }
}

describe('the interceptor chain', () => {
  it('goes by order, then by when they were added, in both directions', () => {
    const chain = new InterceptorChain<string>();
    for (const marker of [new Marker('c', 5), new Marker('a', -1), new Marker('b'), new Marker('d', 5)])
      chain.add(marker);
    expect(chain.inbound({ event: 'e', data: '' }, 'c')).toEqual({ event: 'e', data: 'abcd' });
    expect(chain.outbound(message, target)).toEqual({ ...message, data: 'abcd' });
  });

  it('lets everything pass as it is while it is empty', () => {
    const chain = new InterceptorChain<string>();
    const inbound = { event: 'e', data: 1 };
    expect(chain.inbound(inbound, 'c')).toBe(inbound);
    expect(chain.outbound(message, target)).toBe(message);
    expect([chain.isEmptyInbound, chain.isEmptyOutbound]).toEqual([true, true]);
  });

  it('knows which directions it has anything to do in', () => {
    const chain = new InterceptorChain<string>();
    const remove = chain.add({ inbound: (inbound) => inbound });
    expect([chain.isEmptyInbound, chain.isEmptyOutbound]).toEqual([false, true]);
    remove();
    remove();
    chain.add({ outbound: (outbound) => outbound });
    expect([chain.isEmptyInbound, chain.isEmptyOutbound]).toEqual([true, false]);
  });

  it('stops at a veto', async () => {
    const chain = new InterceptorChain<string>();
    const after = { inbound: jest.fn(), outbound: jest.fn() };
    const removeVeto = chain.add({ inbound: () => undefined, outbound: () => undefined });
    chain.add(after);
    expect(chain.inbound({ event: 'e', data: 1 }, 'c')).toBeUndefined();
    expect(chain.outbound(message, target)).toBeUndefined();
    removeVeto();
    chain.add({ order: -1, inbound: async () => undefined });
    expect(await chain.inbound({ event: 'e', data: 1 }, 'c')).toBeUndefined();
    expect(after.inbound).not.toHaveBeenCalled();
    expect(after.outbound).not.toHaveBeenCalled();
  });

  it('waits for an asynchronous inbound interceptor before the next', async () => {
    const chain = new InterceptorChain<string>();
    chain.add(new Marker('a'));
    chain.add({
      inbound: async (inbound, connection) => ({ ...inbound, data: `${String(inbound.data)}${connection}` }),
    });
    chain.add(new Marker('b'));
    await expect(chain.inbound({ event: 'e', data: '' }, '-c-')).resolves.toEqual({ event: 'e', data: 'a-c-b' });
  });

  it('refuses an outbound interceptor that answers a promise, with an error that says so', () => {
    const chain = new InterceptorChain<string>();
    const late = async () => Promise.reject(new Error('must not end the process'));
    chain.add({ outbound: late as never });
    expect(() => chain.outbound(message, target)).toThrow('must answer at once');
  });

  it('refuses by an error', () => {
    const chain = new InterceptorChain<string>();
    chain.add({
      inbound: () => {
        throw new Error('no');
      },
    });
    expect(() => chain.inbound({ event: 'e', data: 1 }, 'c')).toThrow('no');
  });
});
