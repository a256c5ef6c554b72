import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DialectName } from '../load/dialect.js';
import type { ServerOptions } from '../peers/server-options.js';

/** A system that is measured. */
export interface Peer {
  readonly name: PeerName;
  /** How tables call it. */
  readonly label: string;
  readonly dialect: DialectName;
  /** What makes it what it is, where one program is several peers. */
  readonly options?: ServerOptions;
  /** What runs it, up to the options, or why nothing can. */
  readonly availability: () => Availability;
}

/** Whether a peer can be measured here. */
export type Availability =
  | { readonly command: readonly string[]; readonly version: string; readonly reason?: undefined }
  | { readonly command?: undefined; readonly reason: string };

/** The peers by name. */
export type PeerName = 'ours' | 'stock' | 'ws' | 'socket.io' | 'socket.io-redis' | 'socket.io-streams' | 'uws' | 'bun';

const require = createRequire(import.meta.url);

const script = (name: string): string => fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));

/** Node with what memory figures need. */
const node = (name: string): readonly string[] => [process.execPath, '--expose-gc', script(name)];

const notInstalled: Availability = { reason: 'not installed' };

/** A peer that runs under Node, where its package is installed. */
function nodePeer(peer: Omit<Peer, 'availability'>, file: string, packageName: string): Peer {
  return { ...peer, availability: () => installed(packageName, node(file)) };
}

function installed(packageName: string, command: readonly string[]): Availability {
  const version = versionOf(packageName);
  return version === undefined ? notInstalled : { command, version: `${packageName} ${version}` };
}

/** All of them, ours first. */
export const peers: readonly Peer[] = [
  nodePeer({ name: 'ours', label: 'nest-wsc', dialect: 'wsc.v1.json' }, 'ours', '@nest-wsc/wsc'),
  nodePeer({ name: 'stock', label: 'Nest ws adapter', dialect: 'plain' }, 'stock', '@nestjs/platform-ws'),
  nodePeer({ name: 'ws', label: 'ws alone', dialect: 'plain' }, 'ws', 'ws'),
  nodePeer(
    { name: 'socket.io', label: 'Nest Socket.IO', dialect: 'socket.io' },
    'socket-io',
    '@nestjs/platform-socket.io',
  ),
  socketIoThroughRedis('redis', 'Redis adapter'),
  socketIoThroughRedis('streams', 'Redis streams adapter'),
  { name: 'uws', label: 'uWebSockets.js', dialect: 'plain', availability: findUws },
  { name: 'bun', label: 'Bun', dialect: 'plain', availability: findBun },
];

/** Socket.IO's nodes, made one by an adapter. */
function socketIoThroughRedis(adapter: 'redis' | 'streams', adapterLabel: string): Peer {
  const packageName = adapter === 'redis' ? '@socket.io/redis-adapter' : '@socket.io/redis-streams-adapter';
  const label = `Nest Socket.IO, ${adapterLabel}`;
  const peer = { name: `socket.io-${adapter}`, label, dialect: 'socket.io', options: { adapter } } as const;
  return nodePeer(peer, 'socket-io', packageName);
}

/** The peer of a name. */
export function peerOf(name: PeerName): Peer {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`There is no peer "${name}".`);
  return peer;
}

/**
 * Without a binary for this Node the package would quietly put a copy in JavaScript in its place, which is not what is
 * compared with.
 */
function findUws(): Availability {
  const packageName = '@trufflesuite/uws-js-unofficial';
  const found = installed(packageName, node('uws'));
  if (found.command === undefined) return found;
  try {
    require(`${packageName}/binaries/uws_${process.platform}_${process.arch}_${process.versions.modules}.node`);
    return found;
  } catch {
    return { reason: `its package has no binary that Node ${process.version} can load here` };
  }
}

/** npm keeps Bun's binary in a package per system, and installs the one that fits. */
function findBun(): Availability {
  const folder = fileURLToPath(new URL('../../node_modules/@oven', import.meta.url));
  const binaries = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, 'bin/bun')) : [];
  const binary = binaries.find(existsSync);
  return binary === undefined ? notInstalled : installed('bun', [binary, script('bun')]);
}

function versionOf(packageName: string): string | undefined {
  for (const folder of require.resolve.paths(packageName) ?? []) {
    const file = `${folder}/${packageName}/package.json`;
    if (!existsSync(file)) continue;
    const { version }: { version?: string } = require(file);
    return version;
  }
  return undefined;
}
