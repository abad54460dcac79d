/** Milliseconds of silence after which a connection is probed, so that one whose other end vanished is noticed within a minute. */
export const keepAliveInitialDelay = 30_000;
