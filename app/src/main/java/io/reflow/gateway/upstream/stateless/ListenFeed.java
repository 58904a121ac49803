package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener.ListKind;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Keeps one `subscriptions/listen` open for all that is followed at a target. A new one is agreed
/// on before the old one is closed; one that breaks off is opened again, and then everything that
/// is followed counts as changed once, since nobody knows what was missed.
final class ListenFeed implements AutoCloseable {

  private static final String SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";
  private static final long SHORTEST_PAUSE = 1000;
  private static final long LONGEST_PAUSE = 30_000;

  private final StatelessUpstream.Settings settings;
  private final Channel channel;
  private final ServerFacts facts;
  private final ReentrantLock turn = new ReentrantLock();
  private volatile @Nullable Listening current;
  private volatile @Nullable Thread again;
  private volatile boolean unsupported;
  private volatile boolean closed;

  ListenFeed(StatelessUpstream.Settings settings, Channel channel, ServerFacts facts) {
    this.settings = settings;
    this.channel = channel;
    this.facts = facts;
  }

  void follow(Interest wanted) throws InterruptedException {
    Interest possible = possible(wanted);
    if (!turn.tryLock(settings.discover().toNanos(), TimeUnit.NANOSECONDS)) {
      throw failed("does not agree to be listened to in time");
    }
    try {
      Listening old = current;
      if (closed || unsupported || (old != null && old.follows(possible))) {
        return;
      }
      boolean nothing = possible.lists().isEmpty() && possible.uris().isEmpty();
      current = nothing ? null : open(possible);
      if (old != null) {
        old.close();
      }
      Listening fresh = current;
      if (fresh != null && fresh.over) {
        listenAgain();
      }
    } finally {
      turn.unlock();
    }
  }

  private Interest possible(Interest wanted) {
    Set<ListKind> lists = EnumSet.noneOf(ListKind.class);
    for (ListKind kind : wanted.lists()) {
      if (facts.offers(capability(kind))) {
        lists.add(kind);
      }
    }
    return new Interest(
        lists, facts.offers(Capability.RESOURCES_SUBSCRIBE) ? wanted.uris() : Set.of());
  }

  private static Capability capability(ListKind kind) {
    return switch (kind) {
      case TOOLS -> Capability.TOOLS_LIST_CHANGED;
      case PROMPTS -> Capability.PROMPTS_LIST_CHANGED;
      case RESOURCES -> Capability.RESOURCES_LIST_CHANGED;
    };
  }

  /// Null when the target has no such thing.
  private @Nullable Listening open(Interest interest) throws InterruptedException {
    Listening fresh = new Listening(interest);
    boolean agreed = false;
    try {
      fresh.open();
      agreed = fresh.agreed.get(settings.discover().toNanos(), TimeUnit.NANOSECONDS);
      if (!agreed && !unsupported) {
        throw failed("does not let itself be listened to");
      }
      return agreed ? fresh : null;
    } catch (TimeoutException _) {
      throw failed("does not agree to be listened to in time");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      if (!agreed) {
        fresh.close();
      }
    }
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(settings.target(), what);
  }

  /// One `subscriptions/listen`.
  private final class Listening implements Subscriber {
    private final Interest interest;
    private final CompletableFuture<Boolean> agreed = new CompletableFuture<>();
    private volatile Channel.@Nullable Subscription subscription;
    private volatile boolean left;
    private volatile boolean over;

    Listening(Interest interest) {
      this.interest = interest;
    }

    void open() {
      subscription =
          channel.listen(
              params(interest), settings.context().declaring(RawJson.EMPTY_OBJECT), this);
    }

    boolean follows(Interest wanted) {
      return interest.equals(wanted) && !over;
    }

    @Override
    public void notification(Message.Notification notification) {
      String method = notification.method();
      if (method.equals("notifications/subscriptions/acknowledged")) {
        boolean _ = agreed.complete(true);
      } else if (left || !agreed.isDone()) {
        return;
      } else if (method.equals("notifications/resources/updated")) {
        JsonObject params = notification.params();
        params
            .text("uri")
            .ifPresent(uri -> settings.listener().resourceUpdated(uri, withoutId(params)));
      } else {
        Announcements.changedList(method)
            .filter(interest.lists()::contains)
            .ifPresent(settings.listener()::listChanged);
      }
    }

    @Override
    public void ended(End end) {
      over = true;
      if (end == End.UNSUPPORTED && !agreed.isDone()) {
        unsupported = true;
      }
      boolean _ = agreed.complete(false);
      if (current == this && !left) {
        listenAgain();
      }
    }

    void close() {
      left = true;
      Channel.Subscription open = subscription;
      if (open != null) {
        open.close();
      }
    }
  }

  /// Which of our requests it answers is no news for anybody else.
  private static RawJson withoutId(JsonObject params) {
    JsonObject meta = params.object("_meta");
    if (meta.find(SUBSCRIPTION_ID).isEmpty()) {
      return params.raw();
    }
    var edit = new JsonObjectEdit(params);
    if (meta.members().size() == 1) {
      edit.drop("_meta");
    } else {
      edit.set("_meta", new JsonObjectEdit(meta).drop(SUBSCRIPTION_ID).apply());
    }
    return edit.apply();
  }

  private static RawJson params(Interest interest) {
    List<String> filter = new ArrayList<>();
    for (ListKind kind : interest.lists()) {
      filter.add(
          switch (kind) {
            case TOOLS -> "\"toolsListChanged\":true";
            case PROMPTS -> "\"promptsListChanged\":true";
            case RESOURCES -> "\"resourcesListChanged\":true";
          });
    }
    if (!interest.uris().isEmpty()) {
      List<String> uris = interest.uris().stream().sorted().map(JsonText::quote).toList();
      filter.add("\"resourceSubscriptions\":[" + String.join(",", uris) + "]");
    }
    return RawJson.of("{\"notifications\":{" + String.join(",", filter) + "}}");
  }

  private void listenAgain() {
    Thread thread = Thread.ofVirtual().name("listen-" + settings.target()).unstarted(this::retry);
    again = thread;
    thread.start();
  }

  private void retry() {
    try {
      for (int attempt = 1; mine() && !reopened(attempt); attempt++) {
        // Each round has its own pause.
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean mine() {
    return !closed && !unsupported && again == Thread.currentThread() && channel.alive();
  }

  /// True when there is nothing more to do.
  private boolean reopened(int attempt) throws InterruptedException {
    Thread.sleep(pause(attempt));
    if (!turn.tryLock(settings.discover().toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    Interest interest;
    try {
      Listening lost = current;
      if (!mine() || lost == null || !lost.over) {
        return true;
      }
      interest = lost.interest;
      Listening fresh = open(interest);
      if (fresh == null) {
        return true;
      }
      current = fresh;
      if (fresh.over) {
        return false;
      }
    } catch (UpstreamFailed _) {
      return false;
    } finally {
      turn.unlock();
    }
    interest.lists().forEach(settings.listener()::listChanged);
    interest.uris().forEach(this::changed);
    return true;
  }

  private void changed(String uri) {
    settings.listener().resourceUpdated(uri, RawJson.of("{\"uri\":" + JsonText.quote(uri) + "}"));
  }

  /// Longer and longer, and never the same for two gateways.
  private static Duration pause(int attempt) {
    long longest = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE << Math.min(attempt, 10));
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(SHORTEST_PAUSE, longest));
  }

  @Override
  public void close() {
    closed = true;
    Listening open = current;
    if (open != null) {
      open.close();
    }
    Thread waiting = again;
    if (waiting != null) {
      waiting.interrupt();
    }
  }
}
