import { createScript } from '../../scripts/script.js';

/** Keeps a rejected entry. Keys: the stream for them. Arguments: how many it keeps, roughly; ms for which it stays; fields…. */
export const rejectScript = createScript(`
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return true
`);
