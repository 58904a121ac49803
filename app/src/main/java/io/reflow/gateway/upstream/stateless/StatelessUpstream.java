package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.StatelessError;
import java.time.Duration;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;

/// A target of the stateless era. What it wants to know before it can answer is asked of the caller
/// and sent along with the request anew, unless the caller's client does that by itself.
public final class StatelessUpstream implements Upstream {

  private final Settings settings;
  private final Channel channel;
  private final ServerFacts facts;
  private final Rounds rounds;
  private final ListenFeed feed;
  private final Doubt doubt;
  private volatile boolean demoted;

  /// What there is to know of the target, and who is to know of it.
  ///
  /// @param discover how long the target may take to say what it is, or to agree to listen
  /// @param always lists whose changes are to be told in any case
  /// @param demotion told when the target turns out not to be of this era any more
  public record Settings(
      String target,
      Context context,
      Listener listener,
      Set<Listener.ListKind> always,
      Duration discover,
      Runnable demotion) {}

  public StatelessUpstream(Settings settings, Channel channel, ServerFacts facts) {
    this.settings = settings;
    this.channel = channel;
    this.facts = facts;
    this.rounds = new Rounds(settings.target(), this::exchange);
    this.feed = new ListenFeed(settings, channel, facts);
    this.doubt = new Doubt(settings, channel, this::demote);
  }

  private void demote() {
    demoted = true;
    settings.demotion().run();
  }

  @Override
  public ServerFacts facts() {
    return facts;
  }

  @Override
  public boolean alive() {
    return !demoted && channel.alive();
  }

  @Override
  public OptionalLong pid() {
    return channel.pid();
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    return switch (rounds.run(call, caller)) {
      case Answer.Result result -> result;
      case Answer.Failure failure -> failed(call, caller, failure);
    };
  }

  private Answer exchange(UpstreamCall call, Caller caller) throws InterruptedException {
    try {
      return channel.exchange(call, settings.context().of(caller), caller);
    } catch (UpstreamFailed e) {
      if (channel.doubtful()) {
        doubt.raise();
      }
      throw e;
    }
  }

  private Answer failed(UpstreamCall call, Caller caller, Answer.Failure failure)
      throws InterruptedException {
    StatelessError error;
    try {
      error = StatelessError.read(failure.error());
    } catch (MalformedMessage _) {
      return failure;
    }
    return switch (error.code()) {
      case StatelessError.MISSING_CAPABILITY -> lacking(call, caller, failure, error);
      case StatelessError.HEADER_MISMATCH, StatelessError.UNSUPPORTED_VERSION -> {
        doubt.raise();
        throw failed("does not take the gateway's requests (error %d)".formatted(error.code()));
      }
      default -> failure;
    };
  }

  private Answer lacking(
      UpstreamCall call, Caller caller, Answer.Failure failure, StatelessError error)
      throws InterruptedException {
    if (TaskRun.wanted(error)) {
      Answer answer = new TaskRun(settings, channel, rounds).run(call, caller);
      if (!StatelessError.is(answer, StatelessError.MISSING_CAPABILITY)) {
        return answer;
      }
    } else if (caller.takesInputRequired()) {
      return failure;
    }
    if (call.method().equals("tools/call")) {
      return toolError("This tool needs something that the client can't do.");
    }
    throw failed("needs something that the client can't do");
  }

  /// A result that tells the model what went wrong.
  static Answer toolError(String text) {
    return new Answer.Result(
        RawJson.of(
            "{\"content\":[{\"type\":\"text\",\"text\":%s}],\"isError\":true}"
                .formatted(JsonText.quote(text))));
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(settings.target(), what);
  }

  @Override
  public void follow(Interest interest) throws InterruptedException {
    Set<Listener.ListKind> lists = new HashSet<>(settings.always());
    lists.addAll(interest.lists());
    feed.follow(new Interest(lists, interest.uris()));
  }

  /// Begins to tell of what is to be told in any case, without waiting for the target's consent.
  public void begin() {
    Thread.ofVirtual()
        .name("listen-" + settings.target())
        .start(() -> {
          try {
            follow(Interest.NONE);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          } catch (UpstreamFailed _) {
            // Whoever wants to hear of more asks again; its lists are read anew now and then.
          }
        });
  }

  @Override
  public void close() {
    try (channel) {
      feed.close();
    }
  }
}
