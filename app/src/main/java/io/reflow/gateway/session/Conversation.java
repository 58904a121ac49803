package io.reflow.gateway.session;

import java.time.InstantSource;

/// What is said in a session beside requests of the client and their plain answers.
///
/// @param streams what is sent to the client
/// @param questions what the client is being asked
/// @param news what the client is to be told of outside of its requests
/// @param feeds what is followed at targets for that
public record Conversation(EventStreams streams, Questions questions, News news, Feeds feeds) {

  static Conversation begin(InstantSource clock) {
    var streams = new EventStreams(clock);
    return new Conversation(streams, new Questions(), new News(streams.general()), new Feeds());
  }

  void end() {
    streams.end();
    feeds.end();
  }
}
