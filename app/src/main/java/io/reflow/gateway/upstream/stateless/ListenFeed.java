package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Keeps one `subscriptions/listen` open for all that is followed at a target. A new one is agreed
/// on before the old one is closed; one that breaks off is opened again, and then everything that
/// it followed counts as changed once, since nobody knows what was missed. Where the target does
/// not agree to all in time, what is new is asked for in pieces beside what there is: a resource
/// that the target never answers for holds up no other.
final class ListenFeed implements AutoCloseable {

  /// For what answers at all; what takes longer is listened to by itself.
  private static final Duration PROMPT = Duration.ofSeconds(2);

  private static final int MOST_PIECES = 16;
  private static final String NOT_IN_TIME = "does not agree to be listened to in time";
  private static final long SHORTEST_PAUSE = 1000;
  private static final long LONGEST_PAUSE = 30_000;

  private final StatelessUpstream.Settings settings;
  private final Channel channel;
  private final ServerFacts facts;
  private final ReentrantLock turn = new ReentrantLock();
  private volatile List<Listening> parts = List.of();
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
      throw failed(NOT_IN_TIME);
    }
    try {
      List<Listening> old = parts;
      if (closed || unsupported || (followed(old).equals(possible) && !anyOver())) {
        return;
      }
      if (possible.lists().isEmpty() && possible.uris().isEmpty()) {
        become(List.of());
      } else {
        agree(possible);
      }
      if (anyOver()) {
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

  private static Interest followed(List<Listening> parts) {
    return Interest.of(parts.stream().map(part -> part.interest).toList());
  }

  private boolean anyOver() {
    return parts.stream().anyMatch(part -> part.over);
  }

  private void become(List<Listening> fresh) {
    List<Listening> old = parts;
    parts = List.copyOf(fresh);
    old.stream().filter(part -> !fresh.contains(part)).forEach(Listening::close);
  }

  private void agree(Interest wanted) throws InterruptedException {
    long end = System.nanoTime() + settings.discover().toNanos();
    var whole = new Listening(wanted);
    boolean taken = false;
    try {
      whole.open();
      List<Listening> alive = parts.stream().filter(part -> !part.over).toList();
      List<Interest> pieces = pieces(wanted, followed(alive));
      boolean single = alive.isEmpty() && pieces.size() < 2;
      long prompt = Math.min(PROMPT.toNanos(), settings.discover().toNanos());
      boolean answered = whole.answered(single ? end : System.nanoTime() + prompt);
      taken = answered && whole.agreed.join();
      if (taken) {
        become(List.of(whole));
      } else if (unsupported) {
        become(List.of());
      } else if (single) {
        throw failed(answered ? "does not let itself be listened to" : NOT_IN_TIME);
      } else {
        become(inPieces(alive, pieces, end));
      }
    } finally {
      if (!taken) {
        whole.close();
      }
    }
  }

  /// What is not followed yet, so that no piece waits for more than a few others.
  private static List<Interest> pieces(Interest wanted, Interest followed) {
    List<Interest> pieces = new ArrayList<>();
    Set<ListKind> lists = new HashSet<>(wanted.lists());
    lists.removeAll(followed.lists());
    if (!lists.isEmpty()) {
      pieces.add(new Interest(lists, Set.of()));
    }
    List<String> uris =
        wanted.uris().stream().filter(uri -> !followed.uris().contains(uri)).sorted().toList();
    int size = Math.ceilDiv(uris.size(), MOST_PIECES);
    for (int from = 0; from < uris.size(); from += size) {
      List<String> some = uris.subList(from, Math.min(from + size, uris.size()));
      pieces.add(new Interest(Set.of(), Set.copyOf(some)));
    }
    return pieces;
  }

  /// Waits until some of the pieces are agreed on, and then a moment for the others, which may be
  /// so later.
  private List<Listening> inPieces(List<Listening> alive, List<Interest> pieces, long end)
      throws InterruptedException {
    List<Listening> fresh = pieces.stream().map(Listening::new).toList();
    List<Listening> all = new ArrayList<>(alive);
    boolean any = fresh.isEmpty();
    try {
      BlockingQueue<Boolean> answers = new LinkedBlockingQueue<>();
      for (Listening piece : fresh) {
        var _ = piece.agreed.thenAccept(answers::add);
        piece.open();
      }
      long last = end;
      Boolean agreed = next(answers, last);
      for (int left = fresh.size(); left > 0 && agreed != null; left--) {
        if (agreed && !any) {
          any = true;
          last = Math.min(end, System.nanoTime() + PROMPT.toNanos());
        }
        agreed = left > 1 ? next(answers, last) : null;
      }
      if (!any) {
        throw failed(NOT_IN_TIME);
      }
      fresh.stream().filter(piece -> !piece.over).forEach(all::add);
      return all;
    } finally {
      fresh.stream().filter(piece -> !all.contains(piece)).forEach(Listening::close);
    }
  }

  private static @Nullable Boolean next(BlockingQueue<Boolean> answers, long until)
      throws InterruptedException {
    return answers.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
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
              ListenMessages.params(interest),
              settings.context().declaring(RawJson.EMPTY_OBJECT),
              this);
    }

    /// False when nothing was said until then.
    boolean answered(long until) throws InterruptedException {
      try {
        boolean _ = agreed.get(until - System.nanoTime(), TimeUnit.NANOSECONDS);
        return true;
      } catch (TimeoutException _) {
        return false;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
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
            .ifPresent(
                uri -> settings.listener().resourceUpdated(uri, ListenMessages.withoutId(params)));
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
      if (parts.contains(this) && !left) {
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
    Interest lost;
    try {
      lost = followed(parts.stream().filter(part -> part.over).toList());
      if (!mine() || !anyOver()) {
        return true;
      }
      agree(followed(parts));
      if (anyOver()) {
        return false;
      }
    } catch (UpstreamFailed _) {
      return false;
    } finally {
      turn.unlock();
    }
    lost.lists().forEach(settings.listener()::listChanged);
    lost.uris().forEach(this::changed);
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
    parts.forEach(Listening::close);
    Thread waiting = again;
    if (waiting != null) {
      waiting.interrupt();
    }
  }
}
