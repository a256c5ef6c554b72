import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../until.js';
import { FaultProxy } from './fault-proxy.js';

const longerMs = 100;

/** A server that answers with what it gets. */
async function startEcho(): Promise<{ port: number; server: Server; accepted: Socket[] }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket.on('error', () => undefined));
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return { port: address.port, server, accepted };
}

describe('a proxy for faults', () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let proxy: FaultProxy;
  let program: Program;

  beforeEach(async () => {
    echo = await startEcho();
    proxy = await FaultProxy.start(echo);
    program = await Program.open(proxy.port);
  });
  afterEach(async () => {
    program.socket.destroy();
    await proxy[Symbol.asyncDispose]();
    for (const socket of echo.accepted) socket.destroy();
    echo.server.close();
  });

  it('passes bytes on and counts them and the connections', async () => {
    const long = 'x'.repeat(4 * 1024 * 1024);
    await program.echo(long);
    const second = await Program.open(proxy.port);
    await second.echo('yz');

    expect([proxy.acceptedCount, proxy.openCount]).toEqual([2, 2]);
    expect([proxy.bytesToServer, proxy.bytesToClient]).toEqual([long.length + 2, long.length + 2]);
    second.socket.end();
    await until(
      () => proxy.openCount,
      (count) => count === 1,
    );
  });

  it('passes the end of one side on after what came before it', async () => {
    proxy.delay(20);
    program.socket.end('last words');

    await once(program.socket, 'end');

    expect(program.received).toBe('last words');
  });

  it('delays each way, keeps the order, and is as fast as before once healed', async () => {
    const startedAt = performance.now();
    proxy.delay(300, 'toServer');
    program.socket.write('a');
    await pause(longerMs);
    proxy.delay(0);
    program.socket.write('b');
    await program.untilReceived('ab');

    // Timers may fire up to a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(298);
    proxy.delay(60_000);
    await proxy.heal();
    await program.echo('c');
  });

  it('delays one way only', async () => {
    proxy.delay(60_000, 'toClient');
    program.socket.write('a');

    await until(
      () => proxy.bytesToServer,
      (count) => count === 1,
    );

    expect(proxy.bytesToClient).toBe(0);
  });

  it('is a black hole for old and new connections, and delivers all once healed', async () => {
    proxy.blackHole();
    const second = await Program.open(proxy.port);
    program.socket.write('a');
    second.socket.write('b');
    await pause(longerMs);
    expect([proxy.bytesToServer, proxy.bytesToClient]).toEqual([0, 0]);

    await proxy.heal();

    await program.untilReceived('a');
    await second.untilReceived('b');
    second.socket.destroy();
  });

  it('is a black hole one way: what the program sends arrives, the answer does not', async () => {
    proxy.blackHole('toClient');
    program.socket.write('a');
    await until(
      () => proxy.bytesToServer,
      (count) => count === 1,
    );
    await pause(longerMs);
    expect(program.received).toBe('');

    await proxy.heal();

    await program.untilReceived('a');
  });

  it('takes no more than fits the buffers of the system while it is a black hole', async () => {
    proxy.blackHole();
    program.socket.write(Buffer.alloc(16 * 1024 * 1024));

    await pause(3 * longerMs);

    expect(program.socket.writableLength).toBeGreaterThan(0);
  });

  it('hides from the server that a program has gone while it is a black hole', async () => {
    await program.echo('a');
    proxy.blackHole();
    program.socket.destroy();
    await pause(longerMs);
    expect(echo.accepted[0]?.closed).toBe(false);

    await proxy.heal();

    await until(
      () => echo.accepted[0]?.closed,
      (isClosed) => isClosed === true,
    );
  });

  it('resets both sides, also in a black hole, and accepts new connections', async () => {
    await program.echo('a');
    proxy.blackHole();

    proxy.reset();

    await until(
      () => program.error,
      (error) => error === 'ECONNRESET',
    );
    await until(
      () => echo.accepted[0]?.closed,
      (isClosed) => isClosed === true,
    );
    await proxy.heal();
    const second = await Program.open(proxy.port);
    await second.echo('b');
    second.socket.destroy();
  });

  it('refuses new connections while it is cut, keeps the open ones, and accepts again on the same port', async () => {
    proxy.cut();

    await expect(Program.open(proxy.port)).rejects.toThrow('ECONNREFUSED');
    await program.echo('a');

    await proxy.heal();
    const second = await Program.open(proxy.port);
    await second.echo('b');
    second.socket.destroy();
  });

  it('resets a connection when the server is down', async () => {
    for (const socket of echo.accepted) socket.destroy();
    echo.server.close();
    const late = await Program.open(proxy.port);

    await until(
      () => late.error,
      (error) => error === 'ECONNRESET',
    );
  });
});

/** The program on the near side of the proxy. */
class Program {
  received = '';
  error: string | undefined;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (this.received += chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
  }

  static async open(port: number): Promise<Program> {
    const program = new Program(connect(port, '127.0.0.1'));
    await once(program.socket, 'connect');
    return program;
  }

  async echo(text: string): Promise<void> {
    const expected = this.received + text;
    this.socket.write(text);
    await this.untilReceived(expected);
  }

  async untilReceived(text: string): Promise<void> {
    await until(
      () => this.received.length,
      (length) => length === text.length,
    );
    expect(this.received).toBe(text);
  }
}
