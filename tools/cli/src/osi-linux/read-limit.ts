/** The most that one call of `osi-linux read` reads, in bytes. */
export const READ_LIMIT = 64 * 1024 * 1024;
