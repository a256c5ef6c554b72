import { createScript } from '../../scripts/script.js';

/**
 * Tells the nodes that watch of a revocation.
 * Keys: revocations. Arguments: token id, how many are kept, ms for which they are kept after the last one.
 */
export const announceScript = createScript(`
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'token', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
`);
