import { anyCore, boundTo, describePlacement, isRedisBesideLoad } from './cores.js';

const two = { server: 0, load: 1, redis: 1 };
const three = { server: 0, load: 1, redis: 2 };

describe('the placement of processes', () => {
  it('says who shares a core with whom', () => {
    expect(describePlacement(two, undefined)).toBe('server on core 0, load generator on core 1');
    expect(describePlacement(two, 'Redis 7.0.15')).toBe(
      'all nodes together on core 0, load generator and Redis 7.0.15 together on core 1',
    );
    expect(describePlacement(three, 'Redis 7.0.15')).toBe(
      'all nodes together on core 0, load generator on core 1, Redis 7.0.15 on core 2',
    );
    expect(describePlacement(anyCore, 'Redis 7.0.15')).toBe('all, Redis 7.0.15 too, on any core');
    expect(describePlacement(anyCore, undefined)).toBe('all on any core');
  });

  it('knows whose core Redis takes of', () => {
    expect([two, three, anyCore].map(isRedisBesideLoad)).toEqual([true, false, false]);
  });

  it('binds a command to a core, or not', () => {
    expect(boundTo(1, ['redis-server', '--port'])).toEqual(['taskset', '-c', '1', 'redis-server', '--port']);
    expect(boundTo(undefined, ['redis-server'])).toEqual(['redis-server']);
  });
});
