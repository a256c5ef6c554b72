import { createScript } from '../../scripts/script.js';

/** Keys: sessions of one partition. Arguments: ms for which those that are there stay. */
export const extendScript = createScript(`
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
return true
`);
