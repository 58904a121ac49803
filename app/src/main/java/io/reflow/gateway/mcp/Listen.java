package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.session.EventStream.Reading;
import io.reflow.gateway.session.EventStreams;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Session;
import java.util.Optional;

/// Opens the stream of a session that belongs to no request, or goes on with one whose connection
/// broke.
final class Listen implements Stage<Call.InSession, Reply> {

  private final OpenStreams open;
  private final SessionFeeds feeds;
  private final ListChanges changes;
  private final Authenticator authenticator;

  Listen(OpenStreams open, SessionFeeds feeds, ListChanges changes, Authenticator authenticator) {
    this.open = open;
    this.feeds = feeds;
    this.changes = changes;
    this.authenticator = authenticator;
  }

  @Override
  public Reply apply(Call.InSession call) {
    Session session = call.session();
    EventStreams streams = session.conversation().streams();
    Optional<String> last = call.http().headers().find("Last-Event-ID");
    Reading reading =
        last.isEmpty()
            ? streams.general().read()
            : streams
                .resume(last.get())
                .orElseThrow(
                    () -> new InvalidRequest("there is nothing left of the stream to go on with"));
    try {
      OpenStreams.Entry entry =
          open.add(
              call.caller().user(),
              () -> authenticator.recheck(call.token()) instanceof Authenticated,
              reading::close);
      // A session that another replica or an earlier run has opened is seen for the first time.
      changes.begin(session);
      session.conversation().news().connected();
      feeds.followLists(call);
      return new Reply.Events(session, reading, entry);
    } catch (RuntimeException e) {
      reading.close();
      throw e;
    }
  }
}
