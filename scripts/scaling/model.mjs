/** What the processors may be used to in everyday life; the rest is for bad days. */
export const gatewayTarget = 0.5;
export const redisTarget = 0.5;

const findRow = (results, name, label) =>
  results.find((result) => result.name === name).rows.find((row) => row.label === label);

/** What each further node costs beside what it costs at all: a line through what was measured, by least squares. */
function lineThrough(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return { base: meanY - slope * meanX, perNode: slope };
}

/**
 * Prices in microseconds of one core and bytes, as they were measured.
 *
 * @param {unknown} performance docs/performance-results.json
 * @param {unknown} redis docs/redis-costs.json
 */
export function readPrices(performance, redis) {
  const { connect, join, idle, disconnect } = redis.connections;
  const singles = redis.messages.filter(({ shape }) => shape === 'single');
  const withReceivers = singles.filter(({ receivers }) => receivers > 0);
  return {
    // Of the benchmark, in memory, with a JWT; a connection's end is in it.
    connectUs: findRow(performance, 'connect', 'nest-wsc, with a JWT').cpuNs / 1_000,
    connectionBytes: findRow(performance, 'memory', 'nest-wsc, with a JWT').bytes,
    requestUs: findRow(performance, 'request', 'nest-wsc').cpuNs / 1_000,
    // One system call for each, the dearest way: nothing is gathered.
    deliveryUs: findRow(performance, 'one-at-a-time', 'nest-wsc').cpuNs / 1_000,
    // What Redis adds to them.
    lifeUs: connect.nodeUs + join.nodeUs + disconnect.nodeUs,
    idleUsPerSecond: idle.each.nodeUsPerSecond,
    publishUs: withReceivers.reduce((sum, { publisherUs }) => sum + publisherUs, 0) / withReceivers.length,
    receiveUs: withReceivers.reduce((sum, { receiverUs }) => sum + receiverUs, 0) / withReceivers.length,
    redisLifeUs: connect.redisUs + join.redisUs + disconnect.redisUs,
    redisTellUs: connect.redisUs + join.redisUs,
    redisIdleUsPerSecond: idle.each.redisUsPerSecond,
    redisAloneUsPerSecond: idle.one.redisUsPerSecond - idle.each.redisUsPerSecond,
    redisPublish: lineThrough(singles.map(({ receivers, redisUs }) => [receivers, redisUs])),
    redisBytes: connect.redisBytes + join.redisBytes,
  };
}

/** On how many of `nodes` the members of a room are, who connect anywhere. */
const nodesOfRoom = (nodes, members) => nodes * (1 - (1 - 1 / nodes) ** members);

/**
 * Load of one gateway and of Redis, in cores.
 *
 * @param {ReturnType<typeof readPrices>} prices
 * @param {{ connections: number, nodes: number, profile: Profile }} deployment
 * @typedef {object} Profile
 * @property {number} sessionSeconds how long a connection lasts
 * @property {number} roomMembers of the one room that each user is in
 * @property {boolean} areRoomsTogether whether the load balancer brings a room's members to one gateway
 * @property {number} roomMessages that a member sends to the room, per second
 * @property {number} ownMessages that a user gets alone, from elsewhere, per second
 * @property {number} broadcasts to everyone, per second
 */
function loadOf(prices, { connections, nodes, profile }) {
  const { sessionSeconds, roomMembers, areRoomsTogether, roomMessages, ownMessages, broadcasts } = profile;
  const hosts = areRoomsTogether ? 1 : nodesOfRoom(nodes, roomMembers);
  const perSecond = {
    connects: connections / sessionSeconds,
    roomMessages: connections * roomMessages,
    ownMessages: connections * ownMessages,
  };
  const deliveries = perSecond.roomMessages * (roomMembers - 1) + perSecond.ownMessages + broadcasts * connections;
  // Who publishes is one of the hosts and hears itself from Redis too, at the price of the others.
  const receipts = perSecond.roomMessages * hosts + perSecond.ownMessages + broadcasts * nodes;
  const gatewaysUs =
    perSecond.connects * (prices.connectUs + prices.lifeUs) +
    nodes * prices.idleUsPerSecond +
    perSecond.roomMessages * prices.requestUs +
    (perSecond.roomMessages + perSecond.ownMessages + broadcasts) * prices.publishUs +
    receipts * prices.receiveUs +
    deliveries * prices.deliveryUs;
  const { base, perNode } = prices.redisPublish;
  const redisUs =
    perSecond.connects * prices.redisLifeUs +
    prices.redisAloneUsPerSecond +
    nodes * prices.redisIdleUsPerSecond +
    (perSecond.roomMessages + perSecond.ownMessages + broadcasts) * base +
    receipts * perNode;
  return { gatewayCores: gatewaysUs / 1e6 / nodes, redisCores: redisUs / 1e6, deliveries, hosts };
}

/** The fewest gateways that have room for the connections and stay below the target. */
export function smallestDeployment(prices, { connections, profile, maxPerNode }) {
  for (let nodes = Math.ceil(connections / maxPerNode); nodes < 100_000; nodes = Math.ceil(nodes * 1.02 + 0.01)) {
    const load = loadOf(prices, { connections, nodes, profile });
    if (load.gatewayCores <= gatewayTarget) {
      return {
        connections,
        nodes,
        ...load,
        gatewayBytes: (connections / nodes) * prices.connectionBytes,
        redisBytes: connections * prices.redisBytes,
        redisShards: Math.ceil(load.redisCores / redisTarget),
        tellSeconds: (connections * prices.redisTellUs) / 1e6,
      };
    }
  }
  throw new Error(`No number of gateways takes ${connections} connections with this profile.`);
}

/** Of all sizes, the largest that one Redis takes, to two digits. */
export function mostOnOneRedis(prices, { profile, maxPerNode }) {
  const fits = (connections) =>
    smallestDeployment(prices, { connections, profile, maxPerNode }).redisCores <= redisTarget;
  let most = 1_000;
  while (most < 1e9 && fits(most * 1.05)) most *= 1.05;
  return Number(most.toPrecision(2));
}
