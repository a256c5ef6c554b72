/** Named devices of a user that messages wait for; the one unseen for longest gives way to another. */
export const maxDevices = 10;
/** A named device that was not seen for so long is not waited for any more. */
export const deviceMemoryMs = 604_800_000;
/** The unnamed one: long enough for a link that was cut, not for a tab that was closed. Open connections show themselves twice a minute. */
export const unnamedDeviceMemoryMs = 300_000;
