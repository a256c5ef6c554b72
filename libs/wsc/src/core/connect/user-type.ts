import type { Principal } from './principal.js';

/** Whether a principal's user type is one of the allowed. A principal without one passes, and so does any where none are listed. */
export function isAllowedUserType(principal: Principal, allowed: readonly string[]): boolean {
  return principal.userType === undefined || allowed.length === 0 || allowed.includes(principal.userType);
}
