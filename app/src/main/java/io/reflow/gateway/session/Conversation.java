package io.reflow.gateway.session;

import java.time.InstantSource;

/// What is said in a session beside requests of the client and their plain answers.
///
/// @param streams what is sent to the client
/// @param questions what the client is being asked
/// @param news what the client is to be told of outside of its requests
public record Conversation(EventStreams streams, Questions questions, News news) {

  static Conversation begin(InstantSource clock) {
    return over(new EventStreams(clock));
  }

  private static Conversation over(EventStreams streams) {
    return new Conversation(streams, new Questions(), new News(streams.general()));
  }

  void end() {
    streams.end();
  }
}
