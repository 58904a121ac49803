package io.reflow.gateway.database;

/// How the connections to the database are used.
///
/// @param pending how many threads wait for one
/// @param timeouts how many have waited in vain, since the start
public record PoolState(int used, int idle, int max, int pending, long timeouts) {}
