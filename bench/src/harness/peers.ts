import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DialectName } from '../load/dialect.js';

/** A system that is measured. */
export interface Peer {
  readonly name: PeerName;
  /** How tables call it. */
  readonly label: string;
  readonly dialect: DialectName;
  /** What runs it, up to the options; undefined: it is not installed. */
  readonly command: () => readonly string[] | undefined;
  readonly version: () => string;
}

/** The peers by name. */
export type PeerName = 'ours' | 'stock' | 'ws' | 'socket.io' | 'uws' | 'bun';

const require = createRequire(import.meta.url);

const script = (name: string): string => fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));

/** Node with what memory figures need. */
const node = (name: string): readonly string[] => [process.execPath, '--expose-gc', script(name)];

/** A peer that runs under Node, where its package is installed. */
function nodePeer(peer: Pick<Peer, 'name' | 'label' | 'dialect'>, file: string, packageName: string): Peer {
  return {
    ...peer,
    command: () => (versionOf(packageName) === undefined ? undefined : node(file)),
    version: () => `${packageName} ${versionOf(packageName) ?? ''}`,
  };
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
  nodePeer({ name: 'uws', label: 'uWebSockets.js', dialect: 'plain' }, 'uws', '@trufflesuite/uws-js-unofficial'),
  {
    name: 'bun',
    label: 'Bun',
    dialect: 'plain',
    command: () => {
      const binary = bunBinary();
      return binary === undefined ? undefined : [binary, script('bun')];
    },
    version: () => `bun ${versionOf('bun') ?? ''}`,
  },
];

/** The peer of a name. */
export function peerOf(name: PeerName): Peer {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`There is no peer "${name}".`);
  return peer;
}

/** npm keeps Bun's binary in a package per system. */
function bunBinary(): string | undefined {
  const folder = new URL(`../../node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`, import.meta.url);
  return existsSync(folder) ? fileURLToPath(folder) : undefined;
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
