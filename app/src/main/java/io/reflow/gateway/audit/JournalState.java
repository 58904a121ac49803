package io.reflow.gateway.audit;

import java.time.Duration;

/// How the journal fills and empties.
///
/// @param lag for how long the oldest record waits to be shipped
/// @param backlog bytes that are not shipped
/// @param shipped rows that were shipped since the start
/// @param used bytes of its segments that can't be written again yet
/// @param limit bytes of all segments that there may be
/// @param exhausted whether there is no room for another segment
public record JournalState(
    Duration lag, long backlog, long shipped, long used, long limit, boolean exhausted) {}
