package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// What a client is to be told outside of any request: which lists and resources have changed. The
/// same news within a short while is told once; while the client has no stream open, it waits until
/// there is one.
public final class News {

  private static final Duration GATHERING = Duration.ofMillis(250);

  private final EventStream stream;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<ListKind> lists = EnumSet.noneOf(ListKind.class);
  private final Map<String, Update> resources = new LinkedHashMap<>();
  private Optional<Map<ListKind, Integer>> view = Optional.empty();
  private boolean gathering;

  private record Update(RawJson params, BooleanSupplier allowed) {}

  News(EventStream stream) {
    this.stream = stream;
  }

  public void listChanged(ListKind kind) {
    lock.lock();
    try {
      lists.add(kind);
      gather();
    } finally {
      lock.unlock();
    }
  }

  /// Takes note that a resource has changed.
  ///
  /// @param uri as the client subscribed to it, so that there are only so many
  /// @param params of the notification
  /// @param allowed whether the client may hear of it, asked again when it does
  public void resourceUpdated(String uri, RawJson params, BooleanSupplier allowed) {
    lock.lock();
    try {
      resources.put(uri, new Update(params, allowed));
      gather();
    } finally {
      lock.unlock();
    }
  }

  /// Whether it is remembered what the client's user sees.
  public boolean viewed() {
    lock.lock();
    try {
      return view.isPresent();
    } finally {
      lock.unlock();
    }
  }

  /// Remembers what the client's user sees, as numbers that change with it, and gives what was
  /// remembered before.
  public Optional<Map<ListKind, Integer>> view(Map<ListKind, Integer> now) {
    lock.lock();
    try {
      Optional<Map<ListKind, Integer>> before = view;
      view = Optional.of(Map.copyOf(now));
      return before;
    } finally {
      lock.unlock();
    }
  }

  /// The client no longer wants to hear of a resource.
  public void forget(String uri) {
    lock.lock();
    try {
      resources.remove(uri);
    } finally {
      lock.unlock();
    }
  }

  /// Says that the client has opened a stream.
  public void connected() {
    lock.lock();
    try {
      gather();
    } finally {
      lock.unlock();
    }
  }

  private void gather() {
    boolean any = !lists.isEmpty() || !resources.isEmpty();
    if (any && !gathering && stream.connected()) {
      gathering = true;
      Thread.ofVirtual().name("session-news").start(this::tell);
    }
  }

  private void tell() {
    try {
      Thread.sleep(GATHERING);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    take().forEach(update -> stream.send(update.params(), update.allowed()));
  }

  private List<Update> take() {
    List<Update> messages = new ArrayList<>();
    lock.lock();
    try {
      gathering = false;
      if (stream.connected()) {
        lists.forEach(kind -> messages.add(new Update(message(method(kind), ""), () -> true)));
        lists.clear();
        resources.values().stream()
            .filter(update -> update.allowed().getAsBoolean())
            .forEach(update ->
                messages.add(
                    new Update(
                        message(
                            "notifications/resources/updated", ",\"params\":" + update.params()),
                        update.allowed())));
        resources.clear();
      }
    } finally {
      lock.unlock();
    }
    return messages;
  }

  private static String method(ListKind kind) {
    return "notifications/%s/list_changed".formatted(kind.name().toLowerCase(Locale.ROOT));
  }

  private static RawJson message(String method, String params) {
    return RawJson.of("{\"jsonrpc\":\"2.0\",\"method\":\"%s\"%s}".formatted(method, params));
  }
}
