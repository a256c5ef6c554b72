/**
 * The layer law: dependencies point one way, `protocol ← core ← transports, stores, access ← nest ← apps`.
 * Types count too: a type from an outer layer ties just as tight.
 */

/** Specs and the fixtures beside them are not shipped; what they import is knip's and the linter's business. */
const spec = '\\.(spec|fixture)\\.ts$|^libs/client/src/testing/';
const wsc = '^libs/wsc/src';

/** A published entry of a package, which is all that others may import of it. */
const entries =
  '^libs/[^/]+/src/index\\.ts$|^libs/protocol/src/cluster/index\\.ts$|^libs/wsc/src/(core|testing)/index\\.ts$|^libs/publisher/src/nest/index\\.ts$';

const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})(/|$)`;

/** What `from` may import, said whole: anything else is refused. */
const mayImportOnly = ({ name, comment, from, allowed, nodeBuiltins = false }) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: spec },
  to: { pathNot: allowed, ...(nodeBuiltins && { dependencyTypesNot: ['core'] }) },
});

const protocolEntry = '^libs/protocol/src/index\\.ts$';
/** What goes between nodes and publishers; browsers need none of it. */
const clusterEntry = '^libs/protocol/src/cluster/index\\.ts$';
/** How Redis is reached, by nodes and publishers. */
const redisEntry = '^libs/redis/src/index\\.ts$';
const core = `${wsc}/core/`;

export default {
  forbidden: [
    mayImportOnly({
      name: 'protocol-imports-nothing',
      comment: 'Server, client and publisher share it, in Node and in browsers.',
      from: '^libs/protocol/src/',
      allowed: ['^libs/protocol/src/'],
    }),
    mayImportOnly({
      name: 'client-imports-protocol',
      comment: 'The client runs in browsers; `ws` is its optional peer in Node.',
      from: '^libs/client/src/',
      allowed: ['^libs/client/src/', protocolEntry, npm('ws')],
    }),
    mayImportOnly({
      name: 'redis-imports-protocol-and-ioredis',
      comment: 'How Redis is reached, and nothing of what is kept there.',
      from: '^libs/redis/src/',
      nodeBuiltins: true,
      allowed: ['^libs/redis/src/', protocolEntry, clusterEntry, npm('ioredis')],
    }),
    mayImportOnly({
      name: 'publisher-imports-protocol-and-redis',
      comment: 'A service without sockets carries no gateway with it, and Nest only where it has Nest.',
      from: '^libs/publisher/src/',
      nodeBuiltins: true,
      allowed: ['^libs/publisher/src/', protocolEntry, clusterEntry, redisEntry, npm('ioredis', 'uuid', '@nestjs')],
    }),
    mayImportOnly({
      name: 'core-imports-protocol',
      comment: 'The core knows no Nest, no ws, no Redis; of Node it takes what has no effects.',
      from: core,
      allowed: [core, protocolEntry, '^(node:)?crypto$', npm('uuid')],
    }),
    mayImportOnly({
      name: 'ws-transport-imports-core-and-ws',
      comment: 'The transport brings bytes in and out; meaning belongs to the core.',
      from: `${wsc}/transports/ws/`,
      nodeBuiltins: true,
      allowed: [`${wsc}/transports/ws/`, core, protocolEntry, npm('ws')],
    }),
    mayImportOnly({
      name: 'shared-store-parts-import-core',
      comment: 'What memory and Redis keep alike.',
      from: `${wsc}/stores/shared/`,
      allowed: [`${wsc}/stores/shared/`, core, protocolEntry, '^(node:)?crypto$'],
    }),
    mayImportOnly({
      name: 'memory-stores-import-core',
      comment: 'A store implements ports of the core.',
      from: `${wsc}/stores/memory/`,
      allowed: [`${wsc}/stores/(memory|shared)/`, core, protocolEntry, '^(node:)?crypto$'],
    }),
    mayImportOnly({
      name: 'redis-stores-import-core-and-redis',
      comment: 'A store implements ports of the core over its one package.',
      from: `${wsc}/stores/redis/`,
      nodeBuiltins: true,
      allowed: [`${wsc}/stores/(redis|shared)/`, core, protocolEntry, clusterEntry, redisEntry, npm('ioredis')],
    }),
    mayImportOnly({
      name: 'access-imports-core-jose-and-ipaddr',
      comment: 'Who may come in: tokens, addresses, origins, behind small ports of the core.',
      from: `${wsc}/access/`,
      nodeBuiltins: true,
      allowed: [`${wsc}/access/`, core, protocolEntry, npm('jose', 'ipaddr\\.js')],
    }),
    mayImportOnly({
      name: 'system-imports-core',
      comment: 'The real clock and what else of the machine the core is given.',
      from: `${wsc}/system/`,
      nodeBuiltins: true,
      allowed: [`${wsc}/system/`, core, protocolEntry],
    }),
    mayImportOnly({
      name: 'testing-imports-core',
      comment: 'The test kit is public: it may not drag Nest or a transport into a suite of the core.',
      from: `${wsc}/testing/`,
      nodeBuiltins: true,
      allowed: [`${wsc}/(testing|stores/(memory|shared))/`, core, protocolEntry, npm('@jest/globals', 'jest')],
    }),
    {
      name: 'only-nest-imports-nest',
      comment: 'Nest only wires. Everything else works without it.',
      severity: 'error',
      from: {
        path: '^libs/',
        pathNot: ['^libs/(wsc|publisher)/src/nest/', '^libs/wsc/src/index\\.ts$', '^libs/demo-service/', spec],
      },
      to: { path: npm('@nestjs', 'rxjs', 'reflect-metadata', 'class-validator', 'class-transformer') },
    },
    {
      name: 'packages-by-their-entries',
      comment: 'No deep imports: what is not exported by a package’s entry is free to change.',
      severity: 'error',
      from: { path: '^(libs/[^/]+|apps/[^/]+|test|bench)/' },
      to: { path: '^libs/', pathNot: ['^$1/', entries] },
    },
    {
      name: 'packages-by-their-names',
      comment: 'Import `@nest-wsc/…`, as users do, not a path into another package.',
      severity: 'error',
      from: { path: '^(libs/[^/]+|apps/[^/]+|test|bench)/' },
      to: { path: '^libs/', pathNot: '^$1/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-import-of-apps',
      comment: 'Applications are the outermost layer.',
      severity: 'error',
      from: { path: '^(libs|apps/[^/]+)/', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^(apps/[^/]+|test|bench)/', pathNot: '^$1/' },
    },
    {
      name: 'specs-import-no-apps',
      comment: 'Specs too stand in their own layer; the servers and clients that tests share they may start.',
      severity: 'error',
      from: { path: '^(libs|apps/[^/]+)/.*\\.(spec|fixture)\\.ts$' },
      to: { path: '^(apps/[^/]+|test|bench)/', pathNot: ['^$1/', '^test/support/'] },
    },
    {
      name: 'no-cycles',
      comment: 'ESM reads a circular import as undefined at start, forwardRef or not.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: forgotten?',
      severity: 'error',
      from: { orphan: true, path: '^(libs|apps)/', pathNot: [spec, '\\.d\\.ts$', '\\.config\\.[cm]?[jt]s$'] },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-spec-in-source',
      comment: 'Specs are not built; what they share belongs into a file of its own.',
      severity: 'error',
      from: { pathNot: [spec, '^test/'] },
      to: { path: spec },
    },
    {
      name: 'kebab-case-file-names',
      comment: 'One way to write a file name, on every file system.',
      severity: 'error',
      from: {},
      to: { path: '^(libs|apps|test|bench|scripts)/.*[A-Z_][^/]*$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^((libs|apps)/[^/]+/dist|bench/(dist|node_modules|results)|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
