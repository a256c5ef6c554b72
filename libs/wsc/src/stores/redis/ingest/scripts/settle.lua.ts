import { createScript } from '../../scripts/script.js';

/** An entry is done with. Keys: the stream. Arguments: group, entry id. */
export const settleScript = createScript(`
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return true
`);
