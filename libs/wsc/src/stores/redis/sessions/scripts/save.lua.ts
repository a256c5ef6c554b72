import { createScript } from '../../scripts/script.js';
import { sessionIndex } from './index.lua.js';

/**
 * Keeps a session, unless it was taken or ended: then its node is late. Keys: the session, what is left of one that was taken or ended, and
 * the sessions of its user, if it has one. Arguments: its text, for how many ms, its name among the user's, and '1' where it is replaced
 * only. Answers 1 if it is kept.
 */
export const saveScript = createScript(`
${sessionIndex}
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if ARGV[4] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if KEYS[3] then note(KEYS[3], ARGV[3], ARGV[2]) end
return 1
`);
