/**
 * Calculates how many gateways and how much Redis so many connections need, from what was measured: docs/performance-results.json
 * and docs/redis-costs.json. Prints the tables of docs/scaling.md; `--write` puts them there.
 *
 *     node scripts/scaling-simulation.mjs [--write]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './run.mjs';
import { gatewayTarget, mostOnOneRedis, readPrices, redisTarget, smallestDeployment } from './scaling/model.mjs';

const page = join(root, 'docs/scaling.md');
const begin = '<!-- simulation:begin -->';
const end = '<!-- simulation:end -->';

const sizes = [10_000, 100_000, 1_000_000];
/** The default of WSC_MAX_CONNECTIONS: one lost gateway is a wave that the others can take. */
const maxPerNode = 10_000;

const chat = {
  sessionSeconds: 1_800,
  roomMembers: 50,
  areRoomsTogether: false,
  roomMessages: 1 / 60,
  ownMessages: 1 / 60,
  broadcasts: 0,
};

const profiles = [
  {
    title: 'Notifications',
    text: 'each user gets a message of their own once a minute',
    ...chat,
    roomMessages: 0,
  },
  {
    title: 'Chat, anywhere',
    text: 'rooms of 50; each member speaks once a minute; members connect to any gateway',
    ...chat,
  },
  {
    title: 'Chat, rooms together',
    text: 'the same, and the load balancer brings the members of a room to one gateway',
    ...chat,
    areRoomsTogether: true,
  },
  {
    title: 'Live event',
    text: 'one broadcast to everybody each second, and notifications',
    ...chat,
    roomMessages: 0,
    broadcasts: 1,
  },
];

const readJson = async (name) => JSON.parse(await readFile(join(root, 'docs', name), 'utf8'));

const number = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
const percent = (cores) => `${(cores * 100).toLocaleString('en-US', { maximumSignificantDigits: 2 })} %`;
const us = (value) => `${value.toLocaleString('en-US', { maximumSignificantDigits: 3 })} µs`;
const megabytes = (bytes) => `${number(Math.ceil(bytes / 1e6))} MB`;

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function pricesTable(prices) {
  const { base, perNode } = prices.redisPublish;
  return table(
    ['price', 'of the gateway', 'of Redis'],
    [
      [
        'connection with a JWT and a room, from its beginning to its end',
        us(prices.connectUs + prices.lifeUs),
        us(prices.redisLifeUs),
      ],
      ['of that, because there is Redis', us(prices.lifeUs), us(prices.redisLifeUs)],
      ['Redis of which nothing is asked, per second', '', us(prices.redisAloneUsPerSecond)],
      ['gateway whose connections do nothing, per second', us(prices.idleUsPerSecond), us(prices.redisIdleUsPerSecond)],
      ['message from a client', us(prices.requestUs), ''],
      ['message to publish', us(prices.publishUs), us(base)],
      ['each gateway that hosts a receiver', us(prices.receiveUs), us(perNode)],
      ['delivery to one connection, one at a time', us(prices.deliveryUs), ''],
      ['memory per connection in one room', `${number(prices.connectionBytes)} B`, `${number(prices.redisBytes)} B`],
    ],
  );
}

function profileTable(prices, profile) {
  const rows = sizes.map((connections) => {
    const result = smallestDeployment(prices, { connections, profile, maxPerNode });
    return [
      number(connections),
      number(result.nodes),
      percent(result.gatewayCores),
      megabytes(result.gatewayBytes),
      number(result.deliveries),
      profile.roomMessages === 0 ? '' : result.hosts.toFixed(1),
      percent(result.redisCores),
      megabytes(result.redisBytes),
      result.redisShards === 1 ? 'one' : `Cluster, ${number(result.redisShards)} primaries (*)`,
    ];
  });
  const most = mostOnOneRedis(prices, { profile, maxPerNode });
  return [
    `**${profile.title}**: ${profile.text}. One Redis is full at about **${number(most)}** connections.`,
    '',
    table(
      [
        'connections',
        'gateways',
        'CPU of each',
        'memory of its connections',
        'deliveries/s',
        'gateways per room',
        "Redis' core",
        "Redis' memory",
        'Redis',
      ],
      rows,
    ),
  ].join('\n');
}

function returnTable(prices) {
  const rows = sizes.map((connections) => [
    number(connections),
    `${((connections * prices.redisTellUs) / 1e6).toLocaleString('en-US', { maximumSignificantDigits: 2 })} s`,
  ]);
  return table(['connections', "Redis' core is busy for"], rows);
}

function report(prices, redis) {
  const { machine, date } = redis;
  return [
    `Measured on ${date.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, Redis ${machine.redis}.`,
    pricesTable(prices),
    `Gateways are added until each uses ${percent(gatewayTarget)} of a core and has at most ${number(maxPerNode)} connections; Redis is full at ${percent(redisTarget)} of its core. A connection lasts 30 minutes.`,
    ...profiles.map((profile) => profileTable(prices, profile)),
    'When Redis has lost what it knew, the gateways tell it again who is there:',
    returnTable(prices),
  ].join('\n\n');
}

async function writeInto(text) {
  const old = await readFile(page, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/scaling.md lacks ${begin} … ${end}.`);
  const ignored = `<!-- prettier-ignore-start -->\n\n${text}\n\n<!-- prettier-ignore-end -->`;
  await writeFile(page, `${old.slice(0, from)}${begin}\n\n${ignored}\n\n${old.slice(to)}`);
}

const [performance, redis] = await Promise.all([readJson('performance-results.json'), readJson('redis-costs.json')]);
const text = report(readPrices(performance, redis), redis);
if (process.argv.includes('--write')) await writeInto(text);
else console.log(text);
